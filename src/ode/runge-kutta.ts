import { PondusError } from "../graph/errors.ts";
import { describeOrigin, labelled } from "../graph/origin.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tableau } from "./tableau.ts";

/** dy/dt: the state's change per unit of time, of the state's shape and type. A layer is one that ignores the time. */
export type Rate = (y: Tensor, t: Tensor) => Tensor;

/**
 * One step of an explicit Runge-Kutta method.
 *
 * @param y  state, any shape
 * @param t  time, scalar
 * @param h  step, scalar, in the units of `t`
 * @returns  the state at t + h
 * @throws `ode.rate` when the rate is not of the state's shape and type
 */
export function rungeKuttaStep({ name, a, b, c }: Tableau, rate: Rate, y: Tensor, t: Tensor, h: Tensor): Tensor {
  const stages: Tensor[] = [];
  const moved = (weights: readonly number[]): Tensor => {
    const terms = weights.flatMap((w, i) => (w === 0 ? [] : [w === 1 ? stages[i] : stages[i].mul(w)]));
    if (terms.length === 0) return y;
    return y.add(terms.reduce((sum, term) => sum.add(term)).mul(h));
  };
  a.forEach((row, i) => {
    const [state, time] = labelled(name, () => [moved(row), c[i] === 0 ? t : t.add(h.mul(c[i]))]);
    stages.push(checked(rate(state, time), y));
  });
  return labelled(name, () => moved(b));
}

function checked(k: Tensor, y: Tensor): Tensor {
  if (sameShape(k.shape, y.shape) && k.dtype === y.dtype) return k;
  throw new PondusError(
    "ode.rate",
    `ode.solve: the state is ${y.dtype} ${formatShape(y.shape)}, but the rate is ${k.dtype} ${formatShape(k.shape)}` +
      `${describeOrigin(k.node.origin)}; they must agree.`,
  );
}
