import { PondusError } from "../../graph/errors.ts";
import type { Folder } from "../../io/folder.ts";
import { runFiles } from "../../io/run-folder.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../../io/safetensors.ts";
import type { Model } from "../../nn/model.ts";
import { encodeWeights } from "../../nn/weights/encode.ts";
import { takeWeights } from "../../nn/weights/load.ts";
import type { Checkpoint } from "../../optim/training/checkpoint.ts";
import type { FitRecord } from "../session.ts";
import type { OpenedRun } from "./run.ts";

/** The model's knobs as they are now. */
export function writeWeights(folder: Folder, model: Model, metadata: Readonly<Record<string, string>>): void {
  folder.write(runFiles.weights, encodeWeights(model, { metadata }));
}

/**
 * Gives the model the knobs that a run folder holds.
 *
 * @throws what `loadWeights` throws
 */
export function readWeights(folder: Folder, model: Model): void {
  // Those of earlier versions do not say so.
  takeWeights(model, folder.read(runFiles.weights), folder.path(runFiles.weights), { layout: "pondus" });
}

/** The state of every fit: tensors under `<fit>/<name>`, the rest as JSON in the metadata. */
export function writeCheckpoint(
  folder: Folder,
  fits: ReadonlyMap<string, FitRecord>,
  run: Readonly<Record<"system" | "seed", string>>,
): void {
  const tensors: Record<string, StoredTensor> = {};
  const rest: Record<string, unknown> = {};
  for (const [fit, { checkpoint, ...record }] of fits) {
    const { tensors: own, ...state } = checkpoint;
    rest[fit] = { ...record, ...state };
    for (const [name, x] of Object.entries(own)) tensors[`${fit}/${name}`] = x;
  }
  const metadata = { ...run, fits: JSON.stringify(rest) };
  folder.write(runFiles.checkpoint, encodeSafetensors({ tensors, metadata }));
}

/**
 * The state of every fit of an interrupted run.
 *
 * @throws `run.corrupt` when the metadata are not what `writeCheckpoint` writes, `run.mixed` when they are of another
 *         system or seed than run.json, and what `decodeSafetensors` throws
 */
export function readCheckpoint({ folder, description }: OpenedRun): Map<string, FitRecord> {
  const path = folder.path(runFiles.checkpoint);
  const { tensors, metadata } = decodeSafetensors(folder.read(runFiles.checkpoint), path);
  for (const key of ["system", "seed"] as const) {
    const [here, there] = [metadata[key], String(description[key])];
    if (here === undefined || here === there) continue;
    throw new PondusError(
      "run.mixed",
      `${path} was written with ${key} ${here}, but ${folder.path(runFiles.run)} says ${there}; they are not of one run.`,
    );
  }
  return new Map(
    Object.entries(fitsIn(metadata.fits, path)).map(
      ([fit, { stopped, seconds, knobs, observations, restored, warning, ...state }]) => {
        const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${fit}/`));
        const named = Object.fromEntries(own.map(([name, x]) => [name.slice(fit.length + 1), x]));
        const record = { stopped, seconds, knobs, observations, restored, warning };
        return [fit, { ...record, checkpoint: { ...state, tensors: named } }];
      },
    ),
  );
}

function fitsIn(json: string | undefined, path: string) {
  let found: unknown;
  try {
    found = JSON.parse(json ?? "");
  } catch {
    // Said below.
  }
  const isRecord = (x: unknown) => typeof x === "object" && x !== null && !Array.isArray(x);
  if (isRecord(found) && Object.values(found as object).every(isRecord)) {
    return found as Record<string, Omit<FitRecord, "checkpoint"> & Omit<Checkpoint, "tensors">>;
  }
  throw new PondusError("run.corrupt", `${path} says nothing of the fits that it belongs to.`);
}

/** The history of every fit, one JSON object to a line. */
export function writeHistory(folder: Folder, fits: ReadonlyMap<string, FitRecord>): void {
  const lines = [...fits].flatMap(([fit, { checkpoint }]) =>
    checkpoint.history.map((record) => `${JSON.stringify({ fit, ...record })}\n`),
  );
  folder.write(runFiles.history, lines.join(""));
}
