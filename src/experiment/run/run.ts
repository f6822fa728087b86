import type { Folder } from "../../io/folder.ts";
import { type RunFiles, readRunJson, runFiles, runFolder } from "../../io/run-folder.ts";
import { checked, type Kind, name, oneOf } from "../setting-kinds.ts";
import { dataSettings, settings } from "../settings.ts";
import type { RunDescription } from "./description.ts";

/** A run folder and what its run.json says. */
export interface OpenedRun {
  readonly folder: Folder;
  readonly description: RunDescription;
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);

const record: Kind<object> = { wanted: "an object", accepts: isRecord, read: (text) => text };
const number: Kind<number> = { wanted: "a number", accepts: (x): x is number => Number.isFinite(x), read: Number };

/** What stands in run.json, where, and in which form. */
interface Part {
  readonly path: string;
  readonly kind: Kind<unknown>;
  readonly isOptional?: boolean;
}

const settingParts = Object.entries(settings).map(([name, { kind, keptIn, isKnown }]): Part => {
  const path = keptIn === "top" ? name : `options.${name}`;
  return { path, kind, isOptional: !isKnown };
});

const parts: readonly Part[] = [
  { path: "system", kind: name },
  { path: "status", kind: oneOf(["running", "finished", "interrupted", "failed"]) },
  { path: "seconds", kind: number },
  { path: "started", kind: name },
  ...settingParts,
  { path: "options.data", kind: record, isOptional: true },
  { path: "options.data.sha256", kind: name, isOptional: true },
  { path: "metrics", kind: record, isOptional: true },
  { path: "fits", kind: record, isOptional: true },
  { path: "source", kind: name, isOptional: true },
];

const dataParts: readonly Part[] = Object.entries(dataSettings).map(([name, { kind }]) => {
  return { path: `options.data.${name}`, kind, isOptional: name !== "file" };
});

/**
 * Opens a run.
 *
 * @param place  its folder's path; or, in a web page, its files by name, such as `run.json` and `weights.safetensors`
 * @throws `run.missing`, `run.corrupt`, `file.*`
 */
export function openRun(place: string | RunFiles): OpenedRun {
  const folder = runFolder(place);
  const description = readRunJson(folder);
  const at = (path: string) =>
    path
      .split(".")
      .reduce<unknown>((x, key) => (isRecord(x) && Object.hasOwn(x, key) ? x[key] : undefined), description);
  for (const { path, kind, isOptional } of at("options.data") === undefined ? parts : [...parts, ...dataParts]) {
    const value = at(path);
    if (value === undefined && isOptional) continue;
    checked(kind, value, { called: `${folder.path(runFiles.run)}: ${path}`, code: "run.corrupt" });
  }
  return { folder, description: description as unknown as RunDescription };
}
