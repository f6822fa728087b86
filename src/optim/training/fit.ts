import { handleEvents } from "#host/event-loop";
import type { BackendName } from "../../backends/backend.ts";
import { PondusError } from "../../graph/errors.ts";
import type { Model } from "../../nn/index.ts";
import { numbersCompared } from "../../nn/losses/compared.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Optimizer } from "../optimizer.ts";
import { type Checkpoint, load, restore, type Snapshot, save, type TrainingRecord } from "./checkpoint.ts";
import { divergence } from "./divergence.ts";
import { earlyStopping } from "./early-stopping.ts";
import { NonFiniteError } from "./nonfinite.ts";
import { Pace } from "./pace.ts";
import { type Progress, progressOf } from "./progress.ts";
import { retrace } from "./retrace.ts";
import { type StepResult, stepper } from "./stepper.ts";
import { judgeOf, type Validation } from "./validation.ts";

export interface FitOptions {
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
  /** A loss on data that the training does not see; with a patience, early stopping at the best weights. */
  readonly validation?: Validation;
  /** How many numbers the loss compares with (default: as the losses of `nn` on data that stay the same count them). */
  readonly observations?: number;
  /** Steps between two records of the history (default: such that there are about 200). */
  readonly recordEvery?: number;
  /** Of the random keys (default 0). Initial weights are drawn by `nn.initialize`. */
  readonly seed?: number;
  readonly backend?: BackendName | "auto";
  /** Aborting it stops the training within about 0.1 s, with a checkpoint to resume from. */
  readonly signal?: AbortSignal;
  /** Called about ten times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Continues from here, exactly: the weights come out bit for bit as without the break. */
  readonly resume?: Checkpoint;
}

export interface FitResult {
  /** "converged": the optimizer found nothing left to do; "stalled": it found no way on, see the warning. */
  readonly stopped: "finished" | "early" | "converged" | "stalled" | "interrupted";
  /** Steps taken. */
  readonly steps: number;
  /** The last step's loss. */
  readonly loss: number;
  readonly history: readonly TrainingRecord[];
  /** The state after the last step, to resume from; the best weights stand beside it. */
  readonly checkpoint: Checkpoint;
  /** The step after which validation was best. */
  readonly bestStep?: number;
  /** Whether the parameters hold the weights of that step rather than the last one's. */
  readonly restored: boolean;
  /** How many numbers were trained. */
  readonly knobs: number;
  /** How many numbers the loss compares with, where that is known. */
  readonly observations?: number;
  /** What should make one doubt the training: a loss that stays above its first value. */
  readonly warning?: string;
  readonly seconds: number;
  /** Of these, in steps: without compiling, and without what came before a resume. */
  readonly stepping: number;
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
  const { steps, signal, validation, resume, backend, onProgress } = options;
  const every = options.recordEvery ?? Math.max(1, Math.round(steps / 200));
  whole({ steps, recordEvery: every, observations: options.observations ?? 1 });
  const started = performance.now();
  const step = stepper(options);
  const judge = validation && judgeOf(validation, step.loss, backend);
  await Promise.all([step.load(), judge?.load()]);

  if (resume) restore(load(step.named, resume));
  step.setSteps(resume?.step ?? 0);
  const history: TrainingRecord[] = [...(resume?.history ?? [])];
  const early = earlyStopping(validation?.patience, step.trained, resume);
  let loss = resume?.loss ?? Number.NaN;
  let firstLoss = resume?.firstLoss;
  let done = step.steps();
  let ended = resume?.ended;

  const checkpoint = (): Checkpoint => {
    const { tensors, best } = early.saved();
    const saved = { ...save(step.named), ...tensors };
    return { step: done, loss, firstLoss, tensors: saved, history: [...history], best, ...(ended && { ended }) };
  };
  const record = async ({ gradientEquivalents }: StepResult) => {
    const judgement = await judge?.judge();
    history.push({ step: done, loss, ...judgement, ...(gradientEquivalents && { gradientEquivalents }) });
    early.see(history[history.length - 1]);
  };
  const outcome = (): FitResult["stopped"] | undefined => {
    if (ended) return ended;
    if (done >= steps) return "finished";
    if (early.isOver(history)) return "early";
    return signal?.aborted ? "interrupted" : undefined;
  };

  const pace = new Pace();
  // Where the call before this one began: the last good state lies after it, should this call fail.
  let before: Snapshot | undefined;
  let spare: Snapshot | undefined;
  let stopped = outcome();
  while (!stopped) {
    const here = step.snapshot(spare);
    const boundary = Math.min(steps, (Math.floor(done / every) + 1) * every);
    const callStarted = performance.now();
    const result = await step.run(Math.min(pace.count, boundary - done));
    pace.learn(result.taken, (performance.now() - callStarted) / 1000);
    if (!Number.isFinite(result.loss) || !step.isFinite()) {
      const failure = await retrace(step, before ?? here, done + result.taken);
      done = step.steps();
      loss = failure.lossBefore ?? loss;
      throw new NonFiniteError(failure, checkpoint());
    }
    spare = before;
    before = here;
    done += result.taken;
    loss = result.loss;
    // The first call takes one step.
    if (done === 1) firstLoss = loss;
    if (result.done) ended = "converged";
    if (done === boundary || ended) await record(result);
    const { stepsPerSecond } = pace;
    onProgress?.(progressOf({ step: done, steps, loss, stepsPerSecond, checkpoint }, history, result.done));
    await handleEvents();
    stopped = outcome();
  }
  // The checkpoint is of the last step's weights, the parameters may get better ones.
  const last = checkpoint();
  return {
    stopped,
    steps: done,
    loss,
    history,
    checkpoint: last,
    bestStep: early.bestStep,
    restored: stopped !== "interrupted" && early.restore(),
    knobs: [...step.trained.values()].reduce((sum, p) => sum + (p.trainable ? p.size : 0), 0),
    observations: options.observations ?? (step.sameLoss ? numbersCompared(step.loss) : undefined),
    warning: divergence(firstLoss, history, step.sameLoss),
    seconds: (performance.now() - started) / 1000,
    stepping: pace.seconds,
  };
}

function whole(counts: Readonly<Record<string, number>>): void {
  for (const [name, n] of Object.entries(counts)) {
    if (Number.isInteger(n) && n > 0) continue;
    throw new PondusError("optim.option", `fit: ${name} must be a whole number from 1, but ${n} came.`);
  }
}
