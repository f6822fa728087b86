import type { Model } from "../../nn/index.ts";
import { numbersCompared } from "../../nn/losses/compared.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Optimizer } from "../optimizer.ts";
import type { Snapshot } from "./checkpoint.ts";
import { compiledSteps } from "./compiled-steps.ts";
import { divergence } from "./divergence.ts";
import { type FitResult, requireCounts, runTraining, type TrainingOptions } from "./loop.ts";
import { retrace } from "./retrace.ts";
import type { Stepper } from "./stepper.ts";

export interface FitOptions extends TrainingOptions {
  /**
   * One float; or a function of the step (int32 scalar, 0 at first) and of a random key that is another one at each
   * step, for batches drawn while training. It is called once, to build the graph, in training mode (see `nn.training`): a
   * loss with dropout or batch normalization must be given so.
   */
  readonly loss: Tensor | ((at: { readonly step: Tensor; readonly key: Tensor }) => Tensor);
  readonly optimizer: Optimizer;
  /** Whose parameters to train, and their names (default: all trainable ones that the loss depends on). */
  readonly parameters?: Model;
  /** How many steps to take in all, those before a resume included. */
  readonly steps: number;
  /** How many numbers the loss compares with (default: as the losses of `nn` on data that stay the same count them). */
  readonly observations?: number;
  /** Steps between two records of the history (default: such that there are about 200). */
  readonly recordEvery?: number;
  /** Of the random keys (default 0). Initial weights are drawn by `nn.initialize`. */
  readonly seed?: number;
}

/**
 * Trains: takes `steps` steps of the optimizer on the loss. Many steps run in one call of one program; how they are cut
 * into calls follows the clock and does not change the result.
 *
 * With a `validation` the training's loss and the other are evaluated at every record, both at the weights that the record's
 * step left: for a loss of random batches, on the batch of the step that follows, which those weights have not seen yet.
 *
 * @throws `train.nonfinite` (a `NonFiniteError`, exit code 1) when the loss or a parameter is no longer finite: it names
 *   the first expression to blame, and the parameters hold the last good values
 * @throws `optim.option`, `train.loss`, `train.validation`, `input.missing`, `train.resume`, and what `Optimizer.minimize` throws
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { steps, recordEvery = Math.max(1, Math.round(steps / 200)), observations = 1 } = options;
  requireCounts("fit", { steps, recordEvery, observations }, 1);
  return runTraining(() => optimizerStepper(options), { ...options, recordEvery });
}

/** Steps of an optimizer, many in one call. It keeps the states at which calls began, to find the cause of a failure. */
function optimizerStepper(options: FitOptions): Stepper {
  const program = compiledSteps(options);
  const { named, trained, loss: lossToJudge, sameLoss } = program;
  // Where the call before this one began: the last good state lies after it, should this call fail.
  let before: Snapshot | undefined;
  let spare: Snapshot | undefined;
  return {
    name: "fit",
    named,
    trained,
    lossToJudge,
    knobs: [...trained.values()].reduce((sum, p) => sum + (p.trainable ? p.size : 0), 0),
    observations: options.observations ?? (sameLoss ? numbersCompared(lossToJudge) : undefined),
    canDiverge: true,
    load: program.load,
    async begin(resume) {
      program.setSteps(resume?.step ?? 0);
      return {};
    },
    async run(count) {
      const here = program.snapshot(spare);
      const began = performance.now();
      const { loss, taken, done, gradientEquivalents } = await program.run(count);
      const seconds = (performance.now() - began) / 1000;
      if (!Number.isFinite(loss) || !program.isFinite()) {
        return { failure: await retrace(program, before ?? here, program.steps()) };
      }
      spare = before;
      before = here;
      return { loss, taken, seconds, ended: done ? "converged" : undefined, gradientEquivalents };
    },
    warning: ({ firstLoss, history }) => divergence(firstLoss, history, sameLoss),
  };
}
