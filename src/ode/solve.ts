import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { formatShape } from "../graph/shape.ts";
import { scan } from "../tensor/control.ts";
import { arange, concat, tensor } from "../tensor/functions.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Rate, rungeKuttaStep } from "./runge-kutta.ts";
import type { Tableau } from "./tableau.ts";
import { tsit5 } from "./tsit5.ts";

/**
 * Solves dy/dt = rate(y, t) by fixed steps: each interval between two requested times is cut into `substeps` equal
 * ones. The result can be differentiated with respect to the state, the times and whatever the rate depends on; the
 * derivative is exactly that of the discrete solution.
 *
 * @param rate   the state's change per unit of time: a function of state and time, or a layer
 * @param y0     state at the first time, any shape, float
 * @param times  [n], evenly spaced or not; falling times integrate backwards
 * @param options.method    a tableau: `euler`, `midpoint`, `rk4` or `tsit5` (default)
 * @param options.substeps  steps to an interval (default 1)
 * @returns      [n, ...state]: the state at each time; the first row is `y0`
 * @throws `ode.state`, `ode.times`, `ode.substeps`, `ode.rate` when an argument does not fit
 */
export function solve(
  rate: Rate,
  y0: Tensor,
  times: Tensor | readonly number[],
  options: { method?: Tableau; substeps?: number } = {},
): Tensor {
  const { method = tsit5, substeps = 1 } = options;
  if (!isFloat(y0.dtype)) {
    throw new PondusError(
      "ode.state",
      `ode.solve: the state must be a float, but it is ${y0.dtype}; cast it, e.g. y0.cast("float32").`,
    );
  }
  if (!Number.isInteger(substeps) || substeps < 1) {
    throw new PondusError("ode.substeps", `ode.solve: substeps must be a whole number from 1, but ${substeps} came.`);
  }
  const t = times instanceof Tensor ? times : tensor([...times], { dtype: y0.dtype });
  if (t.rank !== 1 || t.size === 0 || t.dtype !== y0.dtype) {
    throw new PondusError(
      "ode.times",
      `ode.solve: times must be a list of at least one ${y0.dtype} (the state's type), but they are ${t.dtype} ` +
        `${formatShape(t.shape)}.`,
    );
  }
  const first = y0.unsqueeze(0);
  if (t.size === 1) return first;

  const starts = t.slice(0, 0, -1);
  const steps = t.slice(0, 1).sub(starts).div(substeps);
  const { out } = scan(
    { y: y0 },
    ({ y }, { from, h }) => {
      const end = across(substeps, y, (state, i) =>
        rungeKuttaStep(method, rate, state, i ? from.add(h.mul(i)) : from, h),
      );
      return { carry: { y: end }, out: { y: end } };
    },
    { xs: { from: starts, h: steps } },
  );
  return concat([first, out.y]);
}

/** Several steps as an inner loop; one step needs none. */
function across(substeps: number, y: Tensor, step: (y: Tensor, i?: Tensor) => Tensor): Tensor {
  if (substeps === 1) return step(y);
  const { carry } = scan({ y }, (c, { i }) => ({ carry: { y: step(c.y, i) } }), {
    xs: { i: arange(substeps, y.dtype) },
  });
  return carry.y;
}
