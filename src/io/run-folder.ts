import { PondusError } from "../graph/errors.ts";
import { type Folder, folderInMemory, folderOnDisk, makeNewFolder } from "./folder.ts";
import { textOf } from "./text.ts";

/** What a run folder holds, by file. */
export const runFiles = {
  /** System, options, seed, versions, status, metrics. */
  run: "run.json",
  /** The history of every fit: one JSON object to a line. */
  history: "metrics.jsonl",
  /** The model's knobs, each tied one once. */
  weights: "weights.safetensors",
  /** All that is needed to go on exactly: knobs, optimizer state, step. */
  checkpoint: "checkpoint.safetensors",
  /** The user's own measurements, as they were read. */
  data: "data.csv",
  /** The same where they are a text. */
  text: "data.txt",
  report: "report.html",
} as const;

/** A run folder's files by name, as bytes in memory: what a page has in place of a folder. */
export type RunFiles = Map<string, Uint8Array>;

/**
 * The folder at a path, or of files in memory.
 *
 * @throws `source.type` for anything else
 */
export function runFolder(place: string | RunFiles): Folder {
  if (typeof place === "string") return folderOnDisk(place);
  if (place instanceof Map) return folderInMemory(place, "the run");
  throw new PondusError(
    "source.type",
    "a run lies in a folder, whose path is given, or in memory, as a Map from file names to bytes, but " +
      `${place === null ? "null" : `a value of the type ${typeof place}`} came.`,
  );
}

/**
 * Makes a folder for a run: `out`, or `runs/<name>-<n>` with the first number that is free.
 *
 * @throws `run.exists` when `out` already holds a run, `file.write` when it cannot be made, `file.host` in a web page, where
 *         `out` must be given as a Map
 */
export function makeRunFolder(name: string, out?: string | RunFiles): Folder {
  if (out !== undefined) {
    checkRunFolder(out);
    const folder = runFolder(out);
    folder.make();
    return folder;
  }
  const all = folderOnDisk("runs");
  all.make();
  for (let n = 1; ; n++) {
    const path = all.path(`${name}-${n}`);
    if (makeNewFolder(path)) return folderOnDisk(path);
  }
}

/**
 * Finds out, before any work is done, whether `makeRunFolder` will succeed. Leaves nothing behind.
 *
 * @throws what `makeRunFolder` throws
 */
export function checkRunFolder(out?: string | RunFiles): void {
  const folder = runFolder(out ?? "runs");
  if (out !== undefined && folder.has(runFiles.run)) {
    throw new PondusError(
      "run.exists",
      `${folder.name} already holds a run; choose another folder, or continue that run with --resume ${folder.name}.`,
    );
  }
  folder.checkWritable();
}

export const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/**
 * The run.json of a folder.
 *
 * @throws `run.missing` when the folder holds none, `run.corrupt` when it is not a JSON object, and what reading throws
 */
export function readRunJson(folder: Folder): Record<string, unknown> {
  const path = folder.path(runFiles.run);
  try {
    const value: unknown = JSON.parse(textOf(folder.read(runFiles.run), path));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    if (!(cause instanceof PondusError)) {
      throw new PondusError("run.corrupt", `${path} is not JSON (${(cause as Error).message}).`, { cause });
    }
    if (cause.code !== "file.missing") throw cause;
    const why = folder.isThere() ? `it holds no ${runFiles.run}` : "there is no such folder";
    throw new PondusError("run.missing", `${folder.name || '""'} is not a run folder: ${why}.`);
  }
  throw new PondusError("run.corrupt", `${path} should hold a JSON object.`);
}
