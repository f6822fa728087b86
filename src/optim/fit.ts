import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import type { Model } from "../nn/index.ts";
import { compile } from "../runtime/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Checkpoint, capture, load, restore, type Snapshot, save, type TrainingRecord } from "./checkpoint.ts";
import { NonFiniteError } from "./nonfinite.ts";
import type { Optimizer } from "./optimizer.ts";
import { breathe, Pace } from "./pace.ts";
import { retrace } from "./retrace.ts";
import { type StepResult, stepper } from "./stepper.ts";

export interface FitOptions {
  /**
   * One float; or a function of the step (int32 scalar, 0 at first) and of a random key that is another one at each
   * step, for batches drawn while training. It is called once, to build the graph.
   */
  readonly loss: Tensor | ((at: { readonly step: Tensor; readonly key: Tensor }) => Tensor);
  readonly optimizer: Optimizer;
  /** Whose parameters to train, and their names (default: all trainable ones that the loss depends on). */
  readonly parameters?: Model;
  /** How many steps to take in all, those before a resume included. */
  readonly steps: number;
  /**
   * A loss on data that the training does not see, evaluated at every record. With `patience`, training stops early
   * after so many records without improvement, and in the end, early or not, the best weights are restored.
   */
  readonly validation?: { readonly loss: Tensor; readonly patience?: number };
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

export interface Progress {
  /** Steps taken. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** As of the last record. */
  readonly validation?: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
  /** A copy of the present state, made when asked for. */
  checkpoint(): Checkpoint;
}

export interface FitResult {
  /** "converged": the optimizer found nothing left to do. */
  readonly stopped: "finished" | "early" | "converged" | "interrupted";
  /** Steps taken. */
  readonly steps: number;
  /** The last step's loss. */
  readonly loss: number;
  readonly history: readonly TrainingRecord[];
  /** The state after the last step, to resume from; the best weights stand beside it. */
  readonly checkpoint: Checkpoint;
  /** The step after which validation was best. */
  readonly bestStep?: number;
  readonly seconds: number;
}

/**
 * Trains: takes `steps` steps of the optimizer on the loss. Many steps run in one call of one program; how they are cut
 * into calls follows the clock and does not change the result.
 *
 * @throws `train.nonfinite` (a `NonFiniteError`, exit code 1) when the loss or a parameter is no longer finite: it names
 *   the first expression to blame, and the parameters hold the last good values
 * @throws `train.steps`, `train.loss`, `train.input`, `train.resume`, and what `Optimizer.minimize` throws
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { steps, signal, validation, resume, backend, onProgress } = options;
  const every = options.recordEvery ?? Math.max(1, Math.round(steps / 200));
  const patience = validation?.patience ?? Number.POSITIVE_INFINITY;
  whole({ steps, recordEvery: every, ...(validation?.patience !== undefined && { patience }) });
  const started = performance.now();
  const step = stepper(options);
  const judge = validation && compile(() => ({ loss: validation.loss }), {}, { backend });
  await Promise.all([step.load(), judge?.load()]);

  if (resume) restore(load(step.named, resume));
  step.setSteps(resume?.step ?? 0);
  const history: TrainingRecord[] = [...(resume?.history ?? [])];
  let best = resume?.best && { ...resume.best, weights: load(step.trained, resume, "best/") };
  let loss = resume?.loss ?? Number.NaN;
  let done = step.steps();

  const checkpoint = (): Checkpoint => ({
    step: done,
    loss,
    tensors: { ...save(step.named), ...(best && save(step.trained, "best/", best.weights)) },
    history: [...history],
    best: best && { step: best.step, validation: best.validation },
  });
  const record = async ({ gradientEquivalents }: StepResult) => {
    const judged = judge && (await judge.run()).loss.item();
    const known = {
      ...(judged !== undefined && { validation: judged }),
      ...(gradientEquivalents && { gradientEquivalents }),
    };
    history.push({ step: done, loss, ...known });
    if (judged !== undefined && judged < (best?.validation ?? Number.POSITIVE_INFINITY)) {
      best = { step: done, validation: judged, weights: capture(step.trained.values()) };
    }
  };
  const outcome = (): FitResult["stopped"] | undefined => {
    if (done >= steps) return "finished";
    if (recordedSince(history, best?.step ?? 0) >= patience) return "early";
    return signal?.aborted ? "interrupted" : undefined;
  };

  const pace = new Pace();
  // Where the call before this one began: the last good state lies after it, should this call fail.
  let before: Snapshot | undefined;
  let stopped = outcome();
  while (!stopped) {
    const here = step.snapshot();
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
    before = here;
    done += result.taken;
    loss = result.loss;
    if (done === boundary || result.done) await record(result);
    onProgress?.({
      step: done,
      // Having converged it goes no further.
      steps: result.done ? done : steps,
      loss,
      validation: history.at(-1)?.validation,
      stepsPerSecond: pace.stepsPerSecond,
      secondsLeft: result.done ? 0 : (steps - done) / pace.stepsPerSecond,
      checkpoint,
    });
    await breathe();
    stopped = result.done ? "converged" : outcome();
  }
  const last = checkpoint();
  if (best && Number.isFinite(patience) && stopped !== "interrupted") restore(best.weights);
  const seconds = (performance.now() - started) / 1000;
  return { stopped, steps: done, loss, history, checkpoint: last, bestStep: best?.step, seconds };
}

function recordedSince(history: readonly TrainingRecord[], step: number): number {
  return history.filter((r) => r.step > step).length;
}

function whole(counts: Readonly<Record<string, number>>): void {
  for (const [name, n] of Object.entries(counts)) {
    if (Number.isInteger(n) && n > 0) continue;
    throw new PondusError("train.steps", `fit: ${name} must be a whole number from 1, but ${n} came.`);
  }
}
