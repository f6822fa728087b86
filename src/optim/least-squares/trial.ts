import { bentStep } from "./bent-step.ts";
import type { Linearized } from "./normal-equations.ts";
import type { DampedStep } from "./trust-region.ts";

/** Where a step ends. */
export interface Trial {
  readonly move: Float64Array;
  readonly loss: number;
  /** How much lower the loss is. */
  readonly gain: number;
}

/** Where the bent step ends, or the straight one where that is lower and the bent one lowers the loss less than predicted. */
export async function lowest(
  here: Linearized,
  step: DampedStep,
  residualsAt: (move: Float64Array) => Promise<Float64Array>,
): Promise<Trial> {
  const at = async (move: Float64Array): Promise<Trial> => {
    const there = await residualsAt(move);
    // Rounds less than the difference of two means.
    const gain = there.reduce((sum, r, i) => sum + (here.residuals[i] - r) * (here.residuals[i] + r), 0) / there.length;
    return { move, loss: meanSquare(there), gain };
  };
  const bent = await bentStep(here, step, residualsAt);
  const first = bent && (await at(bent));
  if (first && first.gain >= step.predicted) return first;
  const straight = await at(step.move);
  return first && !(straight.loss < first.loss) && Number.isFinite(first.loss) ? first : straight;
}

export function meanSquare(residuals: Float64Array): number {
  return residuals.reduce((sum, x) => sum + x * x, 0) / residuals.length;
}
