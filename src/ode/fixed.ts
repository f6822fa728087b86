import { scan } from "../tensor/control.ts";
import { arange, concat } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Stepper } from "./method.ts";
import type { Rate } from "./rate.ts";

/**
 * The states at `times`, by so many equal steps from each to the next.
 *
 * @param times  [times], or 1 along the state's axes but for the trajectories'
 * @returns      [times, ...state]
 */
export function fixed(stepper: Stepper, rate: Rate, y0: Tensor, times: Tensor, substeps: number): Tensor {
  const first = y0.unsqueeze(0);
  if (times.shape[0] === 1) return first;
  const starts = times.slice(0, 0, -1);
  const steps = times.slice(0, 1).sub(starts).div(substeps);
  const { out } = scan(
    { y: y0 },
    ({ y }, { from, h }) => {
      const end = across(substeps, y, (state, i) => stepper.step(rate, state, i ? from.add(h.mul(i)) : from, h).y);
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
