import { handleEvents } from "#host/event-loop";
import type { BackendName } from "../../backends/backend.ts";
import { PondusError } from "../../graph/errors.ts";
import { type Checkpoint, load, restore, save, type TrainingRecord } from "./checkpoint.ts";
import { earlyStopping } from "./early-stopping.ts";
import { NonFiniteError } from "./nonfinite.ts";
import { Pace } from "./pace.ts";
import { type Progress, progressOf } from "./progress.ts";
import type { Start, Stepper, StepResult, Stopped } from "./stepper.ts";
import { judgeOf, type Validation } from "./validation.ts";

/** What every training can be asked for. */
export interface TrainingOptions {
  /** A loss on data that the training does not see; with a patience, early stopping at the best weights. */
  readonly validation?: Validation;
  readonly backend?: BackendName | "auto";
  /** Aborting it stops the training within about 0.1 s (or after one step), with a checkpoint to resume from. */
  readonly signal?: AbortSignal;
  /** Called about ten times a second (or after each step). */
  readonly onProgress?: (progress: Progress) => void;
  /** Continues from here, exactly: the weights come out bit for bit as without the break. */
  readonly resume?: Checkpoint;
}

export interface FitResult {
  /** "converged": the optimizer found nothing left to do; "stalled": it found no way on, see the warning. */
  readonly stopped: Stopped;
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
  /** A diagnosis of a training that went wrong, such as a loss that stays above its first value. */
  readonly warning?: string;
  readonly seconds: number;
  /** Of these, in steps: without compiling, and without what came before a resume. */
  readonly stepping: number;
}

/** Trains: takes up to `steps` steps in all, and keeps a record every `recordEvery` of them. */
export async function runTraining(
  makeStepper: () => Stepper,
  { steps, recordEvery, ...options }: TrainingOptions & { readonly steps: number; readonly recordEvery: number },
): Promise<FitResult> {
  const { signal, validation, resume, backend, onProgress } = options;
  const started = performance.now();
  const stepper = makeStepper();
  const judge = validation && judgeOf(stepper.name, validation, stepper.lossToJudge, backend);
  await Promise.all([stepper.load(), judge?.load()]);

  if (resume) restore(load(stepper.named, resume));
  const early = earlyStopping(validation?.patience, stepper.trained, resume);
  const start = await stepper.begin(resume);
  const history: TrainingRecord[] = [...(resume?.history ?? [])];
  let loss = resume?.loss ?? start.loss ?? Number.NaN;
  let firstLoss = resume?.firstLoss;
  let done = resume?.step ?? 0;
  let ended = resume?.ended ?? start.ended;

  const checkpoint = (): Checkpoint => {
    const { tensors, best } = early.saved();
    const saved = { ...save(stepper.named), ...tensors };
    const first = stepper.canDiverge && { firstLoss };
    return { step: done, loss, ...first, tensors: saved, history: [...history], best, ...(ended && { ended }) };
  };
  const record = async ({ gradientEquivalents }: Start | StepResult) => {
    const judgement = await judge?.judge(loss);
    history.push({ step: done, loss, ...judgement, ...(gradientEquivalents !== undefined && { gradientEquivalents }) });
    early.see(history[history.length - 1]);
  };
  const outcome = (): Stopped | undefined => {
    if (ended) return ended;
    if (done >= steps) return "finished";
    if (early.isOver(history)) return "early";
    return signal?.aborted ? "interrupted" : undefined;
  };

  if (!resume && start.loss !== undefined) await record(start);
  const pace = new Pace();
  let stopped = outcome();
  while (!stopped) {
    const boundary = Math.min(steps, (Math.floor(done / recordEvery) + 1) * recordEvery);
    const result = await stepper.run(Math.min(pace.count, boundary - done));
    if ("failure" in result) {
      done = result.failure.stepsKept;
      loss = result.failure.lossBefore ?? loss;
      throw new NonFiniteError(result.failure, checkpoint());
    }
    pace.learn(result.taken, result.seconds);
    done += result.taken;
    loss = result.loss;
    // The first call takes one step.
    if (done === 1) firstLoss = loss;
    ended = result.ended;
    if ((done === boundary || ended) && !result.refused) await record(result);
    const { stepsPerSecond } = pace;
    onProgress?.(progressOf({ step: done, steps, loss, stepsPerSecond, checkpoint }, history, ended !== undefined));
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
    knobs: stepper.knobs,
    observations: stepper.observations,
    warning: stepper.warning({ stopped, firstLoss, history }),
    seconds: (performance.now() - started) / 1000,
    stepping: pace.seconds,
  };
}

/** @throws `optim.option` unless each of them is a whole number from `least` */
export function requireCounts(name: string, counts: Readonly<Record<string, number>>, least: number): void {
  for (const [what, n] of Object.entries(counts)) {
    if (Number.isInteger(n) && n >= least) continue;
    throw new PondusError("optim.option", `${name}: ${what} must be a whole number from ${least}, but ${n} came.`);
  }
}
