import { join } from "node:path";
import { PondusError } from "../../graph/errors.ts";
import { writeAtomic } from "../../io/atomic.ts";
import { runFiles } from "../../io/run-folder.ts";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../../io/safetensors.ts";
import type { Model } from "../../nn/model.ts";
import { loadWeights, saveWeights } from "../../nn/weights.ts";
import type { Checkpoint } from "../../optim/training/checkpoint.ts";
import type { FitRecord } from "../session.ts";
import type { OpenedRun } from "./run.ts";

/** The model's knobs as they are now. */
export function writeWeights(folder: string, model: Model, metadata: Readonly<Record<string, string>>): void {
  saveWeights(model, join(folder, runFiles.weights), { metadata });
}

/**
 * Gives the model the knobs that a run folder holds.
 *
 * @throws what `loadWeights` throws
 */
export function readWeights(folder: string, model: Model): void {
  // Those of earlier versions do not say so.
  loadWeights(model, join(folder, runFiles.weights), { layout: "pondus" });
}

/** The state of every fit: tensors under `<fit>/<name>`, the rest as JSON in the metadata. */
export function writeCheckpoint(
  folder: string,
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
  writeSafetensors(join(folder, runFiles.checkpoint), { tensors, metadata: { ...run, fits: JSON.stringify(rest) } });
}

/**
 * The state of every fit of an interrupted run.
 *
 * @throws `run.corrupt` when the metadata are not what `writeCheckpoint` writes, `run.mixed` when they are of another
 *         system or seed than run.json, and what `readSafetensors` throws
 */
export function readCheckpoint({ folder, description }: OpenedRun): Map<string, FitRecord> {
  const path = join(folder, runFiles.checkpoint);
  const { tensors, metadata } = readSafetensors(path);
  for (const key of ["system", "seed"] as const) {
    const [here, there] = [metadata[key], String(description[key])];
    if (here === undefined || here === there) continue;
    throw new PondusError(
      "run.mixed",
      `${path} was written with ${key} ${here}, but ${folder}/${runFiles.run} says ${there}; they are not of one run.`,
    );
  }
  let rest: Record<string, Omit<FitRecord, "checkpoint"> & Omit<Checkpoint, "tensors">>;
  try {
    rest = JSON.parse(metadata.fits);
  } catch (cause) {
    throw new PondusError("run.corrupt", `${path} says nothing of the fits that it belongs to.`, { cause });
  }
  return new Map(
    Object.entries(rest).map(([fit, { stopped, seconds, knobs, observations, restored, warning, ...state }]) => {
      const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${fit}/`));
      const named = Object.fromEntries(own.map(([name, x]) => [name.slice(fit.length + 1), x]));
      const record = { stopped, seconds, knobs, observations, restored, warning };
      return [fit, { ...record, checkpoint: { ...state, tensors: named } }];
    }),
  );
}

/** The history of every fit, one JSON object to a line. */
export function writeHistory(folder: string, fits: ReadonlyMap<string, FitRecord>): void {
  const lines = [...fits].flatMap(([fit, { checkpoint }]) =>
    checkpoint.history.map((record) => `${JSON.stringify({ fit, ...record })}\n`),
  );
  writeAtomic(join(folder, runFiles.history), lines.join(""));
}
