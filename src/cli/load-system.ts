import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { closest, distance } from "fastest-levenshtein";
import { type OpenedRun, openRun } from "../experiment/run/run.ts";
import type { AnySystem } from "../experiment/system.ts";
import { PondusError } from "../graph/errors.ts";
import { systems } from "../systems/index.ts";
import { loadUserPage, loadUserSystem } from "./user-file.ts";

export interface LoadedSystem {
  readonly system: AnySystem;
  /** The file that it came from, when it is a user's own. */
  readonly source?: string;
  readonly run?: OpenedRun;
}

const isFile = (what: string) => /\.[cm]?[jt]s$/.test(what) || /[\\/]/.test(what) || what === "." || existsSync(what);

/**
 * A system by name, or from a user's own file.
 *
 * @throws `system.unknown`, which suggests the nearest name, and `page.*`
 */
export async function loadSystem(what: string): Promise<LoadedSystem> {
  const known = systems.find(({ name }) => name === what);
  if (known) return { system: known };
  if (isFile(what)) return { system: await loadUserSystem(what), source: what };
  const names = systems.map(({ name }) => name);
  const nearest = closest(what.toLowerCase(), names);
  const near = distance(what.toLowerCase(), nearest) <= Math.max(2, nearest.length / 2);
  throw new PondusError(
    "system.unknown",
    `there is no system "${what}"${near ? `; did you mean "${nearest}"?` : "."} The systems are: ${names.join(", ")}; ` +
      "or name a file of your own, such as ./my-system.ts.",
  );
}

/** A model to be weighed, and how it runs: a system's, or what a user's own file exports. */
export async function loadModel(what: string) {
  const page = systems.some(({ name }) => name === what) || !isFile(what) ? undefined : await loadUserPage(what);
  if (page && !("train" in page)) return { name: basename(what), model: page.model, network: undefined };
  const { system } = page ? { system: page } : await loadSystem(what);
  const model = system.model(system.data);
  return { name: system.name, model, network: system.network?.(model) };
}

/** The system that a run folder was made with, and the run. */
export async function loadRun(folder: string): Promise<LoadedSystem & { run: OpenedRun }> {
  if (!existsSync(folder) && systems.some(({ name }) => name === folder)) {
    throw new PondusError(
      "run.missing",
      `${folder} is a system, and a run folder is needed here: pondus train ${folder} makes one, such as runs/${folder}-1.`,
    );
  }
  const run = openRun(folder);
  const { system, source } = run.description;
  return { ...(await loadSystem(source ? join(folder, source) : system)), run };
}

export const isRunFolder = (what: string) => existsSync(join(what, "run.json"));
