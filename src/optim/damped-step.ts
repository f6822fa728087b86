import { type Linearized, times } from "./normal-equations.ts";

/** A step to try. */
export interface DampedStep {
  /** Of all knobs, parameter after parameter. */
  readonly move: Float64Array;
  /** The mean square of the residuals there, were they straight lines. */
  readonly predicted: number;
}

/** How far along the straight step the residuals are looked at, to see how they bend. */
const ahead = 0.1;
/** A correction larger than this share of the step is not believed. */
const believed = 0.75;

/**
 * The damped Gauss-Newton step, bent as the residuals bend along it: geodesic acceleration (Transtrum & Sethna,
 * arXiv:1201.5885, 2012, section 3). In the narrow curved valleys of fits with many knobs it goes several times as far, for
 * the price of one more look at the residuals.
 *
 * @param residualsAt  the residuals when the knobs have moved so far, [n] to [m]
 * @returns undefined when the damped matrix is not positive definite to rounding
 */
export async function dampedStep(
  here: Linearized,
  damping: number,
  residualsAt: (move: Float64Array) => Promise<Float64Array>,
): Promise<DampedStep | undefined> {
  const { residuals, jacobian, scale } = here;
  const answer = here.answer(damping);
  if (!answer) return undefined;
  const straight = answer(residuals);
  const slope = times(jacobian, straight);
  const predicted = slope.reduce((sum, s, i) => sum + (residuals[i] + s) ** 2, 0) / residuals.length;
  const length = (v: Float64Array) => Math.sqrt(v.reduce((sum, x, i) => sum + scale[i] * x * x, 0));
  // At a minimum there is no step, and nothing to bend.
  if (!(length(straight) > 0)) return { move: straight, predicted };

  const there = await residualsAt(straight.map((x) => ahead * x));
  // The second derivative of the residuals along the step.
  const bend = there.map((r, i) => (2 / ahead) * ((r - residuals[i]) / ahead - slope[i]));
  const correction = answer(bend).map((x) => x / 2);
  const safe = 2 * length(correction) <= believed * length(straight);
  return { move: safe ? straight.map((x, i) => x + correction[i]) : straight, predicted };
}
