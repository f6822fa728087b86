import { type Linearized, times } from "./normal-equations.ts";

/** A step to try. */
export interface DampedStep {
  readonly damping: number;
  /** Of all knobs, parameter after parameter. */
  readonly move: Float64Array;
  /** The move's length, in units of what the knobs do to the residuals (see `Linearized.length`). */
  readonly length: number;
  /** By how much the mean square of the residuals falls, were they straight lines. */
  readonly predicted: number;
  /** What the knobs should do about other residuals, with the same damping. */
  answer(residuals: Float64Array): Float64Array;
}

/** As good as none: the matrix of the equations has no more digits. */
export const leastDamping = 1e-16;
const mostDamping = 1e40;
/** How nearly the step is to reach the radius. */
const near = 0.1;

/** The damped step; undefined when the damped matrix is not positive definite to rounding. */
export function dampedStep(here: Linearized, damping: number): DampedStep | undefined {
  const answer = here.answer(damping);
  if (!answer) return undefined;
  const { residuals, jacobian } = here;
  const move = answer(residuals);
  const length = here.length(move);
  const along = times(jacobian, move);
  // Not the difference of two sums of squares, which near a minimum is all rounding.
  const squares = along.reduce((sum, x) => sum + x * x, 0);
  const predicted = (squares + 2 * damping * length * length) / residuals.length;
  return Number.isFinite(length) ? { damping, move, length, predicted, answer } : undefined;
}

/**
 * The step that lowers the straightened residuals most and is about as long as the radius, or the undamped one where that
 * is shorter (More, The Levenberg-Marquardt algorithm, Lecture Notes in Mathematics 630, 105, 1978). The damping is found
 * by regula falsi in the logarithms of damping and length, from a guess such as the last step's.
 */
export function stepWithin(here: Linearized, radius: number, guess: number): DampedStep | undefined {
  let low: { damping: number; length: number } | undefined;
  let high: { damping: number; length: number } | undefined;
  let best: DampedStep | undefined;
  let damping = Math.max(guess, leastDamping);
  for (let trial = 0; trial < 40; trial++) {
    const step = dampedStep(here, damping);
    const length = step?.length ?? Number.POSITIVE_INFINITY;
    const short = length <= (1 + near) * radius;
    if (step && short) {
      best = step;
      if (length >= (1 - near) * radius || damping <= leastDamping) return step;
    }
    if (short) high = { damping, length };
    else low = { damping, length };
    const next = between(low, high, radius, trial);
    if (!(next <= mostDamping)) break;
    damping = next;
  }
  return best;
}

interface Bound {
  readonly damping: number;
  readonly length: number;
}

/** The next damping to try: above `low`, whose step is too long, and below `high`, whose step is short enough. */
function between(low: Bound | undefined, high: Bound | undefined, radius: number, trial: number): number {
  if (!low) return trial > 0 ? leastDamping : nextBelow(high as Bound, radius);
  const excess = low.length / radius;
  if (!high) return low.damping * (excess < 1e6 ? Math.max(3, excess * Math.sqrt(excess)) : 1e6);
  const [a, b] = [Math.log(low.damping), Math.log(high.damping)];
  const share = Math.log(excess) / Math.log(low.length / high.length);
  // Where one length is infinite there is nothing to interpolate.
  return Math.exp(a + (b - a) * (share > 0 && share < 1 ? Math.min(Math.max(share, 0.1), 0.9) : 0.5));
}

/** As far below as the length asks, once; after that the undamped step is likely the answer. */
function nextBelow(high: Bound, radius: number): number {
  const ratio = radius / high.length;
  return Math.max(high.damping / Math.max(3, ratio * Math.sqrt(ratio)), leastDamping);
}

/**
 * The radius after a step that gained this share of what was predicted: as More (1978, section 5) has it, but ten times the
 * step after a good one instead of twice (Transtrum & Sethna 2012 raise the damping gently and lower it boldly).
 */
export function radiusAfter(step: DampedStep, radius: number, gain: number, near: boolean): number {
  if (!(gain > 0.25)) return (near ? 0.5 : 0.1) * Math.min(radius, 10 * step.length);
  return gain >= 0.75 || step.damping <= leastDamping ? 10 * step.length : radius;
}
