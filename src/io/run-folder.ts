import { existsSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
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
  /** The same where they are a text. */
  text: "data.txt",
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

/**
 * Finds out, before any work is done, whether `makeRunFolder` will succeed. Leaves nothing behind.
 *
 * @throws what `makeRunFolder` throws
 */
export function checkRunFolder(out?: string): void {
  if (out !== undefined && existsSync(join(out, runFiles.run))) {
    throw new PondusError(
      "run.exists",
      `${out} already holds a run; choose another folder, or continue that run with --resume ${out}.`,
    );
  }
  checkWritable(out ?? "runs");
}

/** @throws `file.write` unless files can be made in the folder, or the folder itself; leaves nothing behind */
export function checkWritable(folder: string): void {
  try {
    for (const fresh of makeFolders(join(folder, `.trial-${process.pid}`)).reverse()) removeIfEmpty(fresh);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** Another run may have begun to use the folder. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
  }
}

function made(folder: string): string {
  try {
    makeFolders(folder);
    return folder;
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** Makes a folder and those above it; returns the new ones. (Node's own way never ends in folders such as /proc.) */
function makeFolders(folder: string): string[] {
  try {
    mkdirSync(folder);
    return [folder];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(folder).isDirectory()) return [];
    if (code !== "ENOENT") throw error;
    const fresh = makeFolders(dirname(resolve(folder)));
    mkdirSync(folder);
    return [...fresh, folder];
  }
}

function unwritable(folder: string, cause: unknown): PondusError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why: Record<string, string> = {
    EEXIST: "a file of that name is in the way; choose another with --out",
    ENOTDIR: "part of the path is a file; choose another with --out",
    EACCES: "you may not write there; choose another with --out",
    EROFS: "that disk is read-only; choose another with --out",
  };
  return new PondusError("file.write", `${folder}: the run folder cannot be made: ${why[code ?? ""] ?? message}.`, {
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
    throw new PondusError("run.missing", `${folder || '""'} is not a run folder: ${why}.`);
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
