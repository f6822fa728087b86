import type { Tensor } from "../tensor/tensor.ts";
import { integrate } from "./integrate.ts";
import type { SolveOptions } from "./options.ts";
import type { Rate } from "./rate.ts";

/**
 * Solves dy/dt = rate(y, t): the path of `integrate`, for when it is known to go well. It can be differentiated with
 * respect to the state, the times and whatever the rate depends on; the derivative is that of the discrete solution.
 *
 * @param rate   the state's change per unit of time: a function of state and time, or a layer
 * @param y0     state at the first time, any shape, float
 * @param times  [n], evenly spaced or not; falling times integrate backwards. With `batch` also [n, trajectories]
 * @returns      [n, ...state]: the state at each time, the first row is `y0`; NaN where the solver gave up
 * @throws what `integrate` throws
 */
export function solve(rate: Rate, y0: Tensor, times: Tensor | readonly number[], options: SolveOptions = {}): Tensor {
  return integrate(rate, y0, times, options).path;
}
