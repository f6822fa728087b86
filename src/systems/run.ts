import { PondusError } from "../graph/errors.ts";
import { readRunJson, runFiles } from "../io/run-folder.ts";
import type { RunDescription } from "./train.ts";

/** A run folder and what its run.json says. */
export interface OpenedRun {
  readonly folder: string;
  readonly description: RunDescription;
}

/**
 * Opens a run folder.
 *
 * @throws `run.missing`, `run.corrupt`
 */
export function openRun(folder: string): OpenedRun {
  const description = readRunJson(folder);
  const { system, seed, backend, options } = description;
  const whole =
    typeof system === "string" &&
    typeof seed === "number" &&
    typeof backend === "string" &&
    typeof options === "object";
  if (!whole) throw new PondusError("run.corrupt", `${folder}/${runFiles.run} lacks system, seed, backend or options.`);
  return { folder, description: description as unknown as RunDescription };
}
