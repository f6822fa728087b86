import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import { initialize, type Model } from "../nn/model.ts";
import * as optim from "../optim/index.ts";
import { compile } from "../runtime/compile.ts";
import type { Tensors } from "../tensor/control.ts";
import { minimizer } from "./minimize.ts";
import type { Settings } from "./run-settings.ts";
import type { Session, SessionFit, SessionLeastSquares, Trained } from "./system.ts";

/** What a fit left behind: enough for the files, the report and an exact resume. */
export interface FitRecord {
  readonly stopped: "running" | "finished" | "early" | "converged" | "stalled" | "interrupted" | "failed";
  readonly checkpoint: optim.Checkpoint;
  readonly seconds: number;
  /** Known once it ended: how many numbers it trained, and with how many its loss compares. */
  readonly knobs?: number;
  readonly observations?: number;
  /** Whether it ended with the weights that were best on validation. */
  readonly restored?: boolean;
  /** A diagnosis: why its result is doubtful. */
  readonly warning?: string;
}

export interface SessionOptions<M extends Model, D> {
  readonly model: M;
  readonly data: D;
  readonly settings: Settings;
  readonly backend: BackendName;
  readonly signal?: AbortSignal;
  readonly onProgress?: (fit: string, progress: optim.Progress) => void;
  /** The fits so far, by name: those of an interrupted run at first. */
  readonly fits: Map<string, FitRecord>;
  /** Called when `fits` has something new that is worth keeping on disk. */
  readonly keep: () => void;
}

/** How a fit ends that has nothing left to do. */
const ended: ReadonlySet<FitRecord["stopped"]> = new Set(["finished", "early", "converged", "stalled"]);

/** Ctrl-C, on its way out of the page that was training. */
export class Interrupted extends Error {}

/** Seconds between two checkpoints that are written while a fit runs. */
const between = 30;

/** What a page trains with. The model's knobs are drawn here, from the seed. */
export function openSession<M extends Model, D>(options: SessionOptions<M, D>): Session<M, D> {
  const { model, data, backend } = options;
  const { seed, steps, learningRate, optimizer, law, ensemble, quick = false, patience } = options.settings;
  const restart = () => initialize(model, seed);
  restart();
  const begun = new Set<string>();
  const patient = patienceOf(patience);
  const session = {
    model,
    data,
    seed,
    steps,
    learningRate,
    optimizer,
    ...(law !== undefined && { law }),
    ...(ensemble !== undefined && { ensemble }),
    quick,
    restart,
    evaluate: evaluator(backend),
    fit: async (name: string, given: SessionFit) => {
      const validation = patient(name, given.validation);
      return governed(options, begun, name, (ours) => optim.fit({ steps, ...given, validation, seed, ...ours }));
    },
    leastSquares: async (name: string, given: SessionLeastSquares) => {
      const validation = patient(name, given.validation);
      return governed(options, begun, name, (ours) => optim.leastSquares({ ...given, validation, ...ours }));
    },
  } satisfies Omit<Session<M, D>, "minimize">;
  return { ...session, minimize: minimizer(session) };
}

/** Puts the run's patience in place of a page's, except where the page says that validation is to choose nothing. */
function patienceOf(patience: number | undefined) {
  let validated = false;
  return (name: string, validation: optim.Validation | undefined): optim.Validation | undefined => {
    validated ||= validation !== undefined;
    if (patience === undefined) return validation;
    if (!validated) {
      throw new PondusError(
        "train.patience",
        `--patience ends a fit by its validation loss, but "${name}" has none; give session.fit one, on rows that it does ` +
          "not train on (validation: { loss }; optim.holdOut parts them), or leave --patience out.",
      );
    }
    if (!validation || validation.patience === Number.POSITIVE_INFINITY) return validation;
    return { ...validation, patience };
  };
}

/** Computes expressions at the present weights. */
export function evaluator(backend: BackendName): Trained["evaluate"] {
  return (<T extends Tensors>(expressions: T) =>
    compile(() => expressions, {}, { backend }).run()) as Trained["evaluate"];
}

/** Runs one fit under its name: resumes it, reports on it, records how it ended. */
async function governed<R extends Omit<FitRecord, "seconds">>(
  { fits, keep, backend, signal, onProgress }: Omit<SessionOptions<Model, unknown>, "data">,
  begun: Set<string>,
  name: string,
  run: (
    ours: Pick<optim.FitOptions, "backend" | "signal" | "resume" | "onProgress"> & { steps?: number },
  ) => Promise<R>,
): Promise<R> {
  checkName(name, begun);
  const before = fits.get(name);
  const complete = before && ended.has(before.stopped);
  const began = performance.now();
  const record = (stopped: FitRecord["stopped"], checkpoint: optim.Checkpoint, known: Partial<R> = {}) => {
    const { knobs = before?.knobs, observations = before?.observations, restored, warning } = known;
    const seconds = (before?.seconds ?? 0) + (performance.now() - began) / 1000;
    fits.set(name, { stopped, checkpoint, seconds, knobs, observations, restored, warning });
    keep();
  };
  let kept = began;
  const watch = (progress: optim.Progress) => {
    onProgress?.(name, progress);
    if (performance.now() - kept < between * 1000) return;
    kept = performance.now();
    const checkpoint = progress.checkpoint();
    record(checkpoint.ended ?? "running", checkpoint);
  };
  try {
    const ours = { backend, signal, resume: before?.checkpoint, onProgress: watch };
    if (complete) {
      // No step is left to take: this restores the weights and what the fit returned.
      return { ...(await run({ ...ours, steps: before.checkpoint.step })), stopped: before.stopped };
    }
    const result = await run(ours);
    record(result.stopped, result.checkpoint, result);
    if (result.stopped === "interrupted") throw new Interrupted("interrupted");
    return result;
  } catch (error) {
    if (error instanceof optim.NonFiniteError) record("failed", error.checkpoint);
    throw error;
  }
}

function checkName(name: string, begun: Set<string>): void {
  if (!/^[\w.-]+$/.test(name)) {
    throw new PondusError(
      "session.name",
      `fit: a name is made of letters, digits, "-", "_" and ".", but "${name}" came.`,
    );
  }
  if (begun.has(name)) throw new PondusError("session.name", `fit: two fits of one run are named "${name}".`);
  begun.add(name);
}
