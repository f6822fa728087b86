import { isFloat } from "../../graph/dtype.ts";
import { make } from "../../graph/make.ts";
import { concat } from "../../tensor/functions.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { customGradient } from "../../transforms/custom.ts";
import { written } from "../../transforms/written.ts";
import type { Step, Stepper } from "../methods/stepper.ts";
import type { Rate } from "../rate.ts";

/** A step's results that gradients flow through. */
export interface StepResults {
  readonly y: Tensor;
  readonly last?: Tensor;
  readonly rows?: Tensor;
}

/**
 * A step of which the backward pass keeps where it began, and computes the rest again. There a step that was refused has
 * length 0: what overflowed in it must not meet a gradient of zero, since zero times infinity is not zero.
 *
 * @param found  the step
 * @param from   state, time, step, and the rate there where the method chains
 * @param safe   the step where it was accepted, else 0
 * @param theta  where in the step states are wanted, [n, ...]
 */
export function stepWithGradient(
  stepper: Stepper,
  rate: Rate,
  found: Step,
  [y, t, h, first]: readonly (Tensor | undefined)[],
  safe: Tensor,
  theta: Tensor | undefined,
): StepResults {
  const packed = ({ y: end, last, at }: Step, places: Tensor | undefined) =>
    concat([end.unsqueeze(0), ...(last ? [last().unsqueeze(0)] : []), ...(places ? [at(places)] : [])]);
  const given = [y, t, h, first, theta].filter((x) => x !== undefined);
  const whole = written((...xs) => {
    const [state, time, step] = xs;
    return packed(stepper.step(rate, state, time, step, first && xs[3]), theta && xs[xs.length - 1]);
  }, given);
  const sources = whole.given.map((x, i) => (i === 2 ? safe : x));
  const all = customGradient(packed(found, theta), sources, (ct, now) => {
    const anew = now.map((x) => (isFloat(x.dtype) ? new Tensor(make("again", [x.node, ct.node], {})) : x));
    return whole.pull(anew, ct);
  });
  const rows = stepper.chains ? 2 : 1;
  return {
    y: all.at(0),
    last: stepper.chains ? all.at(1) : undefined,
    rows: theta && all.slice(rows),
  };
}
