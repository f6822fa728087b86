import type { BackendName } from "../../backends/backend.ts";
import { PondusError } from "../../graph/errors.ts";
import type { Folder } from "../../io/folder.ts";
import { type RunFiles, readRunJson, runFiles, runFolder } from "../../io/run-folder.ts";
import { backendNames } from "../../runtime/choose.ts";
import { type OptimizerName, optimizerNames } from "../optimizer-name.ts";
import type { RunDescription } from "../train.ts";

/** A run folder and what its run.json says. */
export interface OpenedRun {
  readonly folder: Folder;
  readonly description: RunDescription;
}

const isText = (x: unknown) => typeof x === "string";
const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);
const isColumns = (x: unknown) => Array.isArray(x) && x.every(isText);

/** What must stand in run.json, where, and in which form. */
const parts: readonly (readonly [path: string, wanted: string, fits: (x: unknown) => boolean])[] = [
  ["system", "a name", isText],
  ["status", "running, finished, interrupted or failed", (x) => statuses.has(x)],
  ["seed", "a whole number from 0", (x) => Number.isSafeInteger(x) && (x as number) >= 0],
  ["backend", `one of ${backendNames.join(", ")}`, (x) => backendNames.includes(x as BackendName)],
  ["seconds", "a number", Number.isFinite],
  ["started", "a time", isText],
  ["options.steps", "a whole number from 1", (x) => Number.isSafeInteger(x) && (x as number) > 0],
  ["options.learningRate", "a number above 0", (x) => Number.isFinite(x) && (x as number) > 0],
  ["options.optimizer", `one of ${optimizerNames.join(", ")}`, (x) => optimizerNames.includes(x as OptimizerName)],
  ["options.law", "a name", isText],
  ["options.ensemble", "a whole number from 2", (x) => Number.isSafeInteger(x) && (x as number) > 1],
  ["options.quick", "true or false", (x) => typeof x === "boolean"],
  ["options.patience", "a whole number from 1", (x) => Number.isSafeInteger(x) && (x as number) > 0],
  ["options.data", "an object that names a file", (x) => isRecord(x) && isText(x.file)],
  ["options.data.time", "a name", isText],
  ["options.data.state", "a list of names", isColumns],
  ["options.data.sha256", "text", isText],
  ["metrics", "an object", isRecord],
  ["fits", "an object", isRecord],
  ["source", "a path", isText],
];
const optional: ReadonlySet<string> = new Set(
  ["", ".time", ".state", ".sha256"]
    .map((part) => `options.data${part}`)
    .concat(
      "options.optimizer",
      "options.law",
      "options.ensemble",
      "options.quick",
      "options.patience",
      "metrics",
      "fits",
      "source",
    ),
);
const statuses = new Set<unknown>(["running", "finished", "interrupted", "failed"]);

/**
 * Opens a run.
 *
 * @param place  its folder's path; or, in a web page, its files by name, such as `run.json` and `weights.safetensors`
 * @throws `run.missing`, `run.corrupt`, `file.*`
 */
export function openRun(place: string | RunFiles): OpenedRun {
  const folder = runFolder(place);
  const description = readRunJson(folder);
  for (const [path, wanted, fits] of parts) {
    const value = path
      .split(".")
      .reduce<unknown>((x, key) => (isRecord(x) && Object.hasOwn(x, key) ? x[key] : undefined), description);
    if (fits(value) || (value === undefined && optional.has(path))) continue;
    const came = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
    throw new PondusError("run.corrupt", `${folder.path(runFiles.run)}: ${path} should be ${wanted}, but it ${came}.`);
  }
  return { folder, description: description as unknown as RunDescription };
}
