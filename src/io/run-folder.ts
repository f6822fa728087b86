import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { PondusError } from "../graph/errors.ts";
import { writeAtomic } from "./atomic.ts";
import { readText } from "./read.ts";

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
  report: "report.html",
} as const;

/**
 * Makes a folder for a run: `out`, or `runs/<name>-<n>` with the first number that is free.
 *
 * @throws `run.exists` when `out` already holds a run, `file.write` when it cannot be made
 */
export function makeRunFolder(name: string, out?: string): string {
  if (out !== undefined) {
    checkRunFolder(out);
    return made(out);
  }
  made("runs");
  for (let n = 1; ; n++) {
    const folder = join("runs", `${name}-${n}`);
    try {
      mkdirSync(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(folder, error);
    }
  }
}

/** @throws `run.exists` when the folder already holds a run */
export function checkRunFolder(out: string): void {
  if (existsSync(join(out, runFiles.run))) {
    throw new PondusError(
      "run.exists",
      `${out} already holds a run; choose another folder, or continue that run with --resume ${out}.`,
    );
  }
}

function made(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch (error) {
    throw unwritable(folder, error);
  }
}

function unwritable(folder: string, cause: unknown): PondusError {
  return new PondusError("file.write", `${folder}: the folder cannot be made (${(cause as Error).message}).`, {
    cause,
  });
}

export function writeJson(path: string, value: unknown): void {
  writeAtomic(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/**
 * The run.json of a folder.
 *
 * @throws `run.missing` when the folder holds none, `run.corrupt` when it is not a JSON object
 */
export function readRunJson(folder: string): Record<string, unknown> {
  const path = join(folder, runFiles.run);
  if (!existsSync(path)) {
    const why = existsSync(folder) ? `it holds no ${runFiles.run}` : "there is no such folder";
    throw new PondusError("run.missing", `${folder} is not a run folder: ${why}.`);
  }
  try {
    const value: unknown = JSON.parse(readText(path));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof PondusError) throw cause;
    throw new PondusError("run.corrupt", `${path} is not JSON (${(cause as Error).message}).`, { cause });
  }
  throw new PondusError("run.corrupt", `${path} should hold a JSON object.`);
}
