import { type Tensor, where } from "../../tensor/tensor.ts";
import { type Rate, rateAt } from "../rate.ts";
import { norm, scaleOf, type Tolerance } from "./error-norm.ts";

/**
 * A first step that is about right, from the rate and its change along a short Euler step (Hairer, Norsett & Wanner,
 * Solving Ordinary Differential Equations I, 1993, II.4). Never below a tiny part of the span, and never all of it.
 *
 * @param f0    the rate at the start; @param span  the time to go, with its sign
 * @returns     without a sign
 */
export function firstStep(
  rate: Rate,
  y: Tensor,
  t: Tensor,
  f0: Tensor,
  span: Tensor,
  order: number,
  tolerance: Tolerance,
): Tensor {
  const scale = scaleOf(tolerance, y, y);
  const [d0, d1] = [norm(tolerance, y.div(scale)), norm(tolerance, f0.div(scale))];
  const guess = where(d0.lt(1e-5).or(d1.lt(1e-5)), span.abs().mul(1e-6), d0.div(d1).mul(0.01)).minimum(span.abs());
  const ahead = guess.mul(span.sign());
  const f1 = rateAt(rate, y.add(f0.mul(ahead)), t.add(ahead));
  const d2 = norm(tolerance, f1.sub(f0).div(scale)).div(guess);
  const steepest = d1.maximum(d2);
  const fine = where(
    steepest.le(1e-15),
    guess.mul(1e-3),
    where(steepest.le(1e-15), 1, steepest)
      .mul(100)
      .pow(-1 / order),
  );
  const step = fine.minimum(guess.mul(100)).minimum(span.abs());
  // Where the rate is not finite the first step will be refused, and say so.
  return where(step.gt(0), step, span.abs().mul(1e-3)).stopGradient();
}
