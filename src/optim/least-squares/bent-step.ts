import { type Linearized, times } from "./normal-equations.ts";
import type { DampedStep } from "./trust-region.ts";

/** How far along the straight step the residuals are looked at, to see how they bend. */
const ahead = 0.1;
/** A correction larger than this share of the step is not believed. */
const believed = 0.75;

/**
 * A damped step bent as the residuals bend along it: geodesic acceleration (Transtrum & Sethna, arXiv:1201.5885, 2012,
 * section 3). In the narrow curved valleys of fits with many knobs it goes several times as far, for the price of one more
 * look at the residuals.
 *
 * @param residualsAt  the residuals when the knobs have moved so far, [n] to [m]
 * @returns            the move, [n]; undefined where the correction is not believed
 */
export async function bentStep(
  here: Linearized,
  step: DampedStep,
  residualsAt: (move: Float64Array) => Promise<Float64Array>,
): Promise<Float64Array | undefined> {
  const { residuals, jacobian } = here;
  const there = await residualsAt(step.move.map((x) => ahead * x));
  const slope = times(jacobian, step.move);
  // The second derivative of the residuals along the step.
  const bend = there.map((r, i) => (2 / ahead) * ((r - residuals[i]) / ahead - slope[i]));
  const correction = step.answer(bend).map((x) => x / 2);
  const small = 2 * here.length(correction) <= believed * step.length;
  return small ? step.move.map((x, i) => x + correction[i]) : undefined;
}
