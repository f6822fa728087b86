import type { Tensor } from "../../tensor/tensor.ts";

/** How the next step's length follows from the errors of the last ones, which are 1 when just right. */
export interface Controller {
  readonly integral: number;
  readonly proportional: number;
  readonly derivative: number;
  /** What a step is made shorter by, so that few are refused. */
  readonly safety: number;
  /** The shortest and the longest that a next step may be, in units of this one. */
  readonly shrink: number;
  readonly grow: number;
}

/**
 * A PID controller of the step (Soderlind, ACM Trans. Math. Softw. 29, 1, 2003). By default a PI one, which smooths the
 * steps where stability bounds them; `pid({ integral: 1, proportional: 0 })` is the plain one of textbooks.
 */
export function pid(given: Partial<Controller> = {}): Controller {
  return { integral: 0.3, proportional: 0.4, derivative: 0, safety: 0.9, shrink: 0.2, grow: 10, ...given };
}

/** How many errors of steps before this one a controller looks at. */
export const memoryOf = ({ proportional, derivative }: Controller) =>
  derivative !== 0 ? 2 : proportional !== 0 ? 1 : 0;

/** An error as a controller looks at it: its logarithm, from its square. Below 1e-10 one is as good as another. */
export const logOf = (square: Tensor): Tensor => square.maximum(1e-20).log().mul(0.5);

/**
 * The next step in units of this one.
 *
 * @param logs   of the errors of this step, the one before, and the one before that, as far as the controller looks
 * @param order  to which power of the step the error falls
 */
export function nextStep(controller: Controller, logs: readonly Tensor[], order: number): Tensor {
  const { integral, proportional, derivative, safety, shrink, grow } = controller;
  const powers = [-(integral + proportional + derivative), proportional + 2 * derivative, -derivative];
  const factor = logs
    .map((x, i) => x.mul(powers[i] / order))
    .reduce((sum, x) => sum.add(x))
    .exp()
    .mul(safety);
  return factor.clip(shrink, grow);
}
