import { PondusError } from "../graph/errors.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * dy/dt: the state's change per unit of time, of the state's shape and type. A layer is one that ignores the time, which is a
 * scalar, or with a batch one for each trajectory: 1 along all axes of the state but theirs.
 */
export type Rate = (y: Tensor, t: Tensor) => Tensor;

/**
 * The rate at a state and a time.
 *
 * @throws `ode.rate` when it is not of the state's shape and type
 */
export function rateAt(rate: Rate, y: Tensor, t: Tensor): Tensor {
  const k = rate(y, t);
  if (sameShape(k.shape, y.shape) && k.dtype === y.dtype) return k;
  throw new PondusError(
    "ode.rate",
    `ode.solve: the state is ${y.dtype} ${formatShape(y.shape)}, but the rate is ${k.dtype} ${formatShape(k.shape)}` +
      `${describeOrigin(k.node.origin)}; they must agree.`,
  );
}
