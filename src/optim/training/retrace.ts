import { restore, type Snapshot } from "./checkpoint.ts";
import type { CompiledSteps } from "./compiled-steps.ts";
import { describeCulprit, firstNonFinite } from "./first-nonfinite.ts";
import { reasonOf } from "./reasons.ts";

/** How a training came to NaN or infinity. */
export interface Failure {
  /** The step, counted from 1, whose loss or new values are not finite. */
  readonly step: number;
  readonly loss: number;
  /** How many steps the weights have taken that the parameters were left with. */
  readonly stepsKept: number;
  /** The last finite loss, if there was one on the way. */
  readonly lossBefore: number | undefined;
  /** What failed, where it can say so itself. */
  readonly reason: string | undefined;
  /** The first expression to blame, in words. */
  readonly culprit: string | undefined;
}

/**
 * Walks again from `from` to the failure at or before step `failedBy`, and finds its cause. Leaves the last good state:
 * the last one that is finite and gave a finite loss (or, when there is none, the one that the training began with).
 */
export async function retrace(step: CompiledSteps, from: Snapshot, failedBy: number): Promise<Failure> {
  let lossBefore = await approach(step, from, failedBy - 3);
  let good = step.snapshot();
  for (;;) {
    const here = step.snapshot();
    const at = step.steps() + 1;
    const { loss } = await step.run(1);
    if (Number.isFinite(loss) && step.isFinite() && at < failedBy) {
      good = here;
      lossBefore = loss;
      continue;
    }
    restore(here);
    const reason = reasonOf([step.loss.node, ...step.roots]);
    const found = firstNonFinite(step.roots);
    restore(Number.isFinite(loss) ? here : good);
    return { step: at, loss, stepsKept: step.steps(), lossBefore, reason, culprit: found && describeCulprit(found) };
  }
}

/** Goes to step `target` in one call if all is well there, else only back to `from`. Returns the loss on the way. */
async function approach(step: CompiledSteps, from: Snapshot, target: number): Promise<number | undefined> {
  restore(from);
  const lead = target - step.steps();
  if (lead <= 0) return undefined;
  const { loss, taken } = await step.run(lead);
  if (taken === lead && Number.isFinite(loss) && step.isFinite()) return loss;
  restore(from);
  return undefined;
}
