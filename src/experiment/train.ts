import { engine } from "#host/environment";
import { basename, relative, resolve } from "#host/files";
import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import { version } from "../host/version.ts";
import type { Folder } from "../io/folder.ts";
import { checkRunFolder, json, makeRunFolder, type RunFiles, runFiles } from "../io/run-folder.ts";
import { count } from "../ledger/counts.ts";
import { weigh } from "../ledger/weigh.ts";
import type { Model } from "../nn/model.ts";
import type { Progress } from "../optim/training/progress.ts";
import { chooseBackend } from "../runtime/choose.ts";
import { checkDataSettings, checkNames, chooseSettings } from "./choose-settings.ts";
import { summarizeFits } from "./fits.ts";
import type { MetricTable } from "./metric-table.ts";
import { checkOutcome } from "./outcome.ts";
import type { Drawing } from "./report/plot.ts";
import { writeReport } from "./report/report.ts";
import type { DataFile, KeptData, RunDescription } from "./run/description.ts";
import type { OpenedRun } from "./run/run.ts";
import { type DataCopy, dataOfRun, readMeasurements } from "./run/run-data.ts";
import { readCheckpoint, writeCheckpoint, writeHistory, writeWeights } from "./run/run-files.ts";
import type { Settings } from "./run-settings.ts";
import { type FitRecord, Interrupted, openSession } from "./session.ts";
import { settingNames } from "./settings.ts";
import type { System } from "./system.ts";

export interface TrainOptions extends Partial<Omit<Settings, "optimizer">> {
  /** One of those that the page offers; see `System.optimizers`. */
  readonly optimizer?: string;
  /** Measurements in place of the page's own. */
  readonly data?: DataFile;
  /** The run folder (default: `runs/<system>-<n>`); a Map takes the files as bytes, by name, as in a web page. */
  readonly out?: string | RunFiles;
  /** The file that the system came from, when it is a user's own; the run folder remembers it. */
  readonly source?: string;
  /** Continues an interrupted run, with its options. */
  readonly resume?: OpenedRun;
  readonly signal?: AbortSignal;
  readonly onStart?: (start: {
    title: string;
    parameters: number;
    seed: number;
    backend: BackendName;
    steps: number;
  }) => void;
  readonly onProgress?: (fit: string, progress: Progress) => void;
}

export interface TrainResult extends RunDescription {
  /** The run folder. */
  readonly run: string;
  readonly plots: readonly Drawing[];
  readonly tables: readonly MetricTable[];
}

/** What `train` takes: the settings, and what is not of the training itself. */
const optionNames = [...settingNames, "data", "out", "source", "resume", "signal", "onStart", "onProgress"];

/**
 * Trains a system and writes its run folder. After Ctrl-C (`signal`) the result's status is "interrupted", and
 * `resume` continues from there to the same weights, bit for bit.
 *
 * @throws `train.option` for an option that does not exist or has a value that none can have, what `chooseSettings` throws, and
 *         whatever the page throws; when training had begun, the run folder is left with the last good weights, and the
 *         error carries it as `run`
 */
export async function train<M extends Model, D>(
  system: System<M, D>,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const { resume } = options;
  checkNames(options, optionNames, { called: "train", code: "train.option" });
  if (options.data !== undefined) checkDataSettings(options.data);
  const before = resume?.description;
  const settings = chooseSettings(system, options, before && { ...before.options, seed: before.seed });
  if (resume === undefined) checkRunFolder(options.out);
  else resume.folder.checkWritable();
  const { data, copy, kept: file } = dataFor(system, options);
  const backend = chooseBackend(settings.backend ?? before?.backend).name;
  const { seed, backend: _, ...kept } = settings;
  const { law, ensemble } = settings;
  const model = system.model(data, settings.optimizer, { law, ensemble });
  const parameters = count(model).parameters.total;
  const fits: Map<string, FitRecord> = resume ? readCheckpoint(resume) : new Map();
  const earlier = before?.seconds ?? 0;
  const started = before?.started ?? new Date().toISOString();
  const began = performance.now();
  // The page's own title speaks of its own data.
  const title = file ? `${basename(file.file)} through the ${system.name} system` : system.title;
  let folder = resume?.folder;

  /** Made when there is something to keep. */
  const openFolder = (): Folder => {
    if (folder === undefined) {
      folder = makeRunFolder(system.name, options.out);
      if (copy) folder.write(copy.name, copy.text);
    }
    return folder;
  };
  const save = (
    part: Pick<RunDescription, "status" | "metrics" | "samples" | "error">,
  ): RunDescription & { run: string } => {
    const folder = openFolder();
    const source = options.source && relative(folder.name, resolve(options.source));
    const description: RunDescription = {
      system: system.name,
      title,
      ...part,
      fits: summarizeFits(fits),
      seed,
      backend,
      parameters,
      seconds: earlier + (performance.now() - began) / 1000,
      options: { ...kept, data: file },
      source: source ?? before?.source,
      started,
      versions: { pondus: version, ...engine() },
    };
    writeWeights(folder, model, { format: "pondus", system: system.name, seed: String(seed) });
    writeCheckpoint(folder, fits, { system: system.name, seed: String(seed) });
    writeHistory(folder, fits);
    folder.write(runFiles.run, json(description));
    return { ...description, run: folder.name };
  };

  options.onStart?.({ title, parameters, backend, seed, steps: settings.steps });
  const keep = () => void save({ status: "running" });
  const { signal, onProgress } = options;
  const session = openSession<M, D>({ model, data, settings, backend, signal, onProgress, fits, keep });
  try {
    const { metrics, plots = [], tables = [], samples } = checkOutcome(system.name, await system.train(session));
    const done = save({ status: "finished", metrics, samples });
    const weighing = weigh(model, { ...system.network?.(model), backend });
    await writeReport(openFolder(), { description: done, weighing, plots, tables, fits, summary: system.summary });
    return { ...done, plots, tables };
  } catch (thrown) {
    if (thrown instanceof Interrupted) return { ...save({ status: "interrupted" }), plots: [], tables: [] };
    if (folder === undefined) throw thrown;
    const error = thrown instanceof Error ? thrown : new Error(`something that is no Error was thrown: ${thrown}`);
    const { message } = error;
    save({ status: "failed", error: { code: error instanceof PondusError ? error.code : "page", message } });
    throw Object.assign(error, { run: folder.name });
  }
}

/** The page's own data, or the user's with the copy to keep. */
function dataFor<D>(
  system: Pick<System<Model, D>, "name" | "data" | "read" | "readText">,
  { data, resume }: TrainOptions,
): { data: D; copy?: DataCopy; kept?: KeptData } {
  if (resume) return { data: dataOfRun(system, resume), kept: resume.description.options.data };
  return data ? readMeasurements(system, data) : { data: system.data as D };
}
