import { createHash } from "node:crypto";
import { join } from "node:path";
import { PondusError } from "../graph/errors.ts";
import { parseCsv } from "../io/csv.ts";
import { readText } from "../io/read.ts";
import { runFiles } from "../io/run-folder.ts";
import type { Model } from "../nn/model.ts";
import type { OpenedRun } from "./run.ts";
import type { Columns, System } from "./system.ts";

/** A file with measurements, and which of its columns to read. */
export interface DataFile extends Columns {
  readonly file: string;
}

/** The same as run.json remembers it. */
export interface KeptData extends DataFile {
  /** Of the text, in hexadecimal. */
  readonly sha256?: string;
}

type Reader<D> = Pick<System<Model, D>, "name" | "data" | "read">;

/**
 * A user's measurements, and their text to keep a copy of.
 *
 * @throws `system.data` when the system reads none, and what reading throws
 */
export function readMeasurements<D>(system: Reader<D>, data: DataFile): { data: D; text: string; kept: KeptData } {
  checkReads(system);
  const text = readText(data.file);
  return { data: parsed(system, text, data), text, kept: { ...data, sha256: sha256(text) } };
}

/**
 * What a run was trained on: the page's own data, or the user's, from the copy in the run folder.
 *
 * @throws `run.data` when that copy is not what the run began with
 */
export function dataOfRun<D>(system: Reader<D>, { folder, description }: OpenedRun): D {
  const kept = description.options.data;
  if (!kept) return system.data as D;
  checkReads(system);
  const path = join(folder, runFiles.data);
  const text = readText(path);
  if (kept.sha256 !== undefined && kept.sha256 !== sha256(text)) {
    throw new PondusError(
      "run.data",
      `${path} has changed since the run began, and with other data it would be another run; put the old file back, ` +
        "or train anew with --data.",
    );
  }
  return parsed(system, text, kept);
}

function checkReads(system: Reader<unknown>): void {
  if (system.read) return;
  throw new PondusError(
    "system.data",
    `${system.name} brings its own data and reads no file; leave --data out, or train another system on it.`,
  );
}

function parsed<D>(system: Reader<D>, text: string, data: DataFile): D {
  return (system.read as NonNullable<System<Model, D>["read"]>)(parseCsv(text, data.file), data);
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
