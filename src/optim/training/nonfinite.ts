import { PondusError } from "../../graph/errors.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Failure } from "./retrace.ts";

/** A training that came to NaN or infinity. The parameters hold the last good values, and so does `checkpoint`. */
export class NonFiniteError extends PondusError {
  /** The step that failed, counted from 1. */
  readonly step: number;
  readonly checkpoint: Checkpoint;

  constructor(failure: Failure, checkpoint: Checkpoint) {
    const { step, loss, lossBefore, reason, culprit } = failure;
    const what = Number.isFinite(loss)
      ? `the new values at step ${step} are not finite`
      : `the loss at step ${step} is ${loss}`;
    const was = lossBefore === undefined ? "" : ` (it was ${lossBefore.toPrecision(4)} the step before)`;
    const why = reason ? `${reason} ` : "";
    const blame = culprit ? `The first expression that is not finite: ${culprit}. ` : "";
    super(
      "train.nonfinite",
      `train: ${what}${was}. ${why}${blame}Lower the rate, or clip the gradients (clip: optim.clipByGlobalNorm(1)), or look ` +
        `for a division or logarithm near 0. The parameters hold their last good values, from step ${checkpoint.step}.`,
      { exitCode: 1 },
    );
    this.step = step;
    this.checkpoint = checkpoint;
  }
}
