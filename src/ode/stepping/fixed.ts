import { scan } from "../../tensor/control.ts";
import { arange, concat } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { batchShapeOf } from "../batch-shape.ts";
import type { Problem } from "../in-blocks.ts";
import type { Stepper } from "../methods/stepper.ts";
import type { Adaptive } from "./iteration.ts";

/**
 * The states at the times, by so many equal steps from each to the next.
 *
 * @returns  [times, ...state]
 */
export function fixed(
  stepper: Stepper,
  { rate, y0, times, options }: Pick<Problem<Pick<Adaptive, "batch">>, "rate" | "y0" | "times" | "options">,
  substeps: number,
): Tensor {
  const first = y0.unsqueeze(0);
  if (times.shape[0] === 1) return first;
  const batchShape = batchShapeOf(y0, options.batch);
  // The rate sees a time of each trajectory, as in steps that the error chooses.
  const each = (t: Tensor) => {
    const count = t.shape[0];
    return t.rank > 1 ? t : t.reshape([count, ...batchShape.map(() => 1)]).expand([count, ...batchShape]);
  };
  const starts = times.slice(0, -1);
  const steps = times.slice(1).sub(starts).div(substeps);
  const { out } = scan(
    { y: y0 },
    ({ y }, { from, h }) => {
      const end = across(substeps, y, (state, i) => stepper.step(rate, state, i ? from.add(h.mul(i)) : from, h).y);
      return { carry: { y: end }, out: { y: end } };
    },
    { xs: { from: each(starts), h: each(steps) } },
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
