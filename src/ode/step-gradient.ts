import { customGradient } from "../autodiff/custom.ts";
import { written } from "../autodiff/written.ts";
import { isFloat } from "../graph/dtype.ts";
import { make } from "../graph/node.ts";
import { concat } from "../tensor/functions.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Step, Stepper } from "./method.ts";
import type { Rate } from "./rate.ts";

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
 * @param from   state, time, step, and the rate there where the method chains
 * @param safe   the step where it was accepted, else 0
 * @param theta  where in the step states are wanted, [n, ...]
 */
export function stepWithGradient(
  stepper: Stepper,
  rate: Rate,
  [y, t, h, first]: readonly (Tensor | undefined)[],
  safe: Tensor,
  theta: Tensor | undefined,
): StepResults {
  const parts = ({ y: end, last, at }: Step) => {
    const rows = theta && at;
    return [end.unsqueeze(0), ...(last ? [last().unsqueeze(0)] : []), ...(rows ? [rows] : [])] as const;
  };
  const given = [y, t, h, first, theta].filter((x) => x !== undefined);
  const whole = written((...xs) => {
    const [state, time, step] = xs;
    const found = stepper.step(rate, state, time, step, first && xs[3]);
    return concat(parts(found).map((part) => (part instanceof Tensor ? part : part(xs[xs.length - 1]))));
  }, given);
  const sources = whole.given.map((x, i) => (i === 2 ? safe : x));
  const packed = customGradient(whole.result, sources, (ct, now) => {
    const anew = now.map((x) => (isFloat(x.dtype) ? new Tensor(make("again", [x.node, ct.node], {})) : x));
    return whole.pull(anew, ct);
  });
  const rows = stepper.chains ? 2 : 1;
  return {
    y: packed.at(0),
    last: stepper.chains ? packed.at(1) : undefined,
    rows: theta && packed.slice(0, rows),
  };
}
