import { PondusError } from "../graph/errors.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * dy/dt: the state's change per unit of time, of the state's shape and type. A layer is one that ignores the time, which is a
 * scalar, or with a batch one for each trajectory: 1 along all axes of the state but theirs.
 */
export type Rate = (y: Tensor, t: Tensor) => Tensor;

/**
 * The rate at a state and a time.
 *
 * @throws `ode.rate` when it is no tensor, or not of the state's shape and type
 */
export function rateAt(rate: Rate, y: Tensor, t: Tensor): Tensor {
  const k: unknown = rate(y, t);
  if (!(k instanceof Tensor)) {
    throw new PondusError(
      "ode.rate",
      `ode.solve: the rate must return a tensor ${y.dtype} ${formatShape(y.shape)}, as the state is, but it returned ` +
        `${described(k)}.`,
    );
  }
  if (sameShape(k.shape, y.shape) && k.dtype === y.dtype) return k;
  throw new PondusError(
    "ode.rate",
    `ode.solve: the state is ${y.dtype} ${formatShape(y.shape)}, but the rate is ${k.dtype} ${formatShape(k.shape)}` +
      `${describeOrigin(k.node.origin)}; they must agree.`,
  );
}

/** What came in place of a tensor, and what was probably meant. */
function described(k: unknown): string {
  if (k === undefined)
    return "nothing; does the function end with return, or are there braces around what it should give?";
  if (typeof k === "number")
    return `the number ${k}; JavaScript's operators make numbers: write y.mul(2) in place of y * 2`;
  if (Array.isArray(k)) return `an array of ${k.length}; make one tensor of its parts: stack([...])`;
  return k instanceof Promise ? "a promise; a rate is not asynchronous" : `a ${typeof k}`;
}
