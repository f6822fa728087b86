import { customGradient } from "../autodiff/custom.ts";
import { written } from "../autodiff/written.ts";
import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { eye, stack } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Rate } from "./rate.ts";
import { timeCotangents } from "./time-gradient.ts";

/** So many sensitivities are carried side by side; more would cost more than going back. */
const most = 64;

/**
 * `path` with its gradient by forward mode: where a gradient is asked for, the loop that solves carries a tangent for each
 * number that the path depends on.
 *
 * @param solve  makes the path from the state at the first time, and the times
 * @throws `ode.adjoint`, when a gradient is taken, for more than 64 numbers beside the times
 */
export function withForward(
  path: Tensor,
  solve: (y0: Tensor, times: Tensor) => Tensor,
  rate: Rate,
  y0: Tensor,
  times: Tensor,
): Tensor {
  const whole = written(solve, [y0, times]);
  return customGradient(path, [...whole.given, path], (cotangent, all) => {
    const [given, states] = [all.slice(0, -1), all[all.length - 1]];
    const isMoving = (x: Tensor, place: number) => isFloat(x.dtype) && place !== 1;
    const count = given.reduce((n, x, place) => (isMoving(x, place) ? n + x.size : n), 0);
    if (count > most) {
      throw new PondusError(
        "ode.adjoint",
        `ode.forward carries a tangent for each number that the solution depends on, at most ${most}, but they are ` +
          `${count.toLocaleString("en-US")}; use ode.throughSolver() or ode.backsolve().`,
      );
    }
    const back = given.map((x, place) => {
      if (!isMoving(x, place)) return undefined;
      const units = eye(x.size, x.dtype);
      const entries = Array.from({ length: x.size }, (_, i) =>
        cotangent.mul(whole.push(given, place, units.at(i).reshape(x.shape))).sum(),
      );
      return stack(entries).reshape(x.shape);
    });
    const adjoint = (back[0] as Tensor).sub(cotangent.at(0));
    back[1] = timeCotangents(rate, states, given[1], cotangent, adjoint);
    return [...back, undefined];
  });
}
