import { customGradient } from "../autodiff/custom.ts";
import { jvp } from "../autodiff/derivatives.ts";
import { written } from "../autodiff/written.ts";
import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { eye, stack } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** So many sensitivities are carried side by side; more would cost more than going back. */
const most = 64;

/**
 * The path as a function of where it starts and when, with its gradient by forward mode: the loop that solves carries a
 * tangent for each number that the path depends on.
 *
 * @throws `ode.adjoint` for more than 64 numbers
 */
export function withForward(path: (y0: Tensor, times: Tensor) => Tensor, y0: Tensor, times: Tensor): Tensor {
  const whole = written(path, [y0, times]);
  return customGradient(whole.result, whole.given, (cotangent, given) => {
    const floats = given.filter((x) => isFloat(x.dtype) && x !== given[1]);
    const count = floats.reduce((n, x) => n + x.size, 0);
    if (count > most) {
      throw new PondusError(
        "ode.adjoint",
        `ode.forward carries a tangent for each number that the solution depends on, at most ${most}, but they are ` +
          `${count.toLocaleString("en-US")}; use ode.throughSolver() or ode.backsolve().`,
      );
    }
    const result = whole.on(given);
    return given.map((x) => {
      if (!isFloat(x.dtype) || x === given[1]) return undefined;
      const units = eye(x.size, x.dtype);
      const entries = Array.from({ length: x.size }, (_, i) =>
        cotangent.mul(jvp(result, x, units.at(i).reshape(x.shape))).sum(),
      );
      return stack(entries).reshape(x.shape);
    });
  });
}
