import { sha256 } from "#host/digest";
import { PondusError } from "../../graph/errors.ts";
import { parseCsv } from "../../io/csv.ts";
import { readBytes } from "../../io/files.ts";
import { runFiles } from "../../io/run-folder.ts";
import { textOf } from "../../io/text.ts";
import type { Model } from "../../nn/model.ts";
import type { System } from "../system.ts";
import type { DataFile, KeptData } from "./description.ts";
import type { OpenedRun } from "./run.ts";

type Reader<D> = Pick<System<Model, D>, "name" | "data" | "read" | "readText">;

/** A user's file as the run folder keeps it. */
export interface DataCopy {
  readonly name: string;
  readonly text: string;
}

/**
 * A user's measurements, and the copy of them to keep.
 *
 * @throws `system.data` when the system reads none, and what reading throws
 */
export function readMeasurements<D>(
  system: Reader<D>,
  { bytes, ...data }: DataFile,
): { data: D; copy: DataCopy; kept: KeptData } {
  checkReads(system);
  const text = textOf(bytes ?? readBytes(data.file), data.file);
  const copy = { name: copyOf(system, data), text };
  return { data: parsed(system, text, data), copy, kept: { ...data, sha256: sha256(text) } };
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
  const copy = copyOf(system, kept);
  const path = folder.path(copy);
  const text = textOf(folder.read(copy), path);
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
  if (system.read || system.readText) return;
  throw new PondusError(
    "system.data",
    `${system.name} brings its own data and reads no file; leave --data out, or train another system on it.`,
  );
}

/** Whether the file is for `readText` rather than for `read`. */
function isText({ read, readText }: Reader<unknown>, { file, time, state }: DataFile): boolean {
  if (!read || !readText) return !read;
  return !/\.[ct]sv$/i.test(file) && (time ?? state) === undefined;
}

const copyOf = (system: Reader<unknown>, data: DataFile) => (isText(system, data) ? runFiles.text : runFiles.data);

function parsed<D>(system: Reader<D>, text: string, data: DataFile): D {
  const reader = system as Required<Reader<D>>;
  return isText(system, data) ? reader.readText(text, data.file) : reader.read(parseCsv(text, data.file), data);
}
