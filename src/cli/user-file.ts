import { existsSync, statSync } from "node:fs";
import * as nodeModule from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { AnySystem } from "../experiment/system.ts";
import { PondusError } from "../graph/errors.ts";
import { runFiles } from "../io/run-folder.ts";
import { isLayer } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { Tensor } from "../tensor/tensor.ts";
import { userPlace } from "./failure.ts";

let registered = false;

/** From here on Node can import .ts files, and `pondus` in them means this copy. */
function registerHooks(): void {
  if (registered) return;
  registered = true;
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  const data = { base: new URL("..", import.meta.url).href, extension };
  nodeModule.register(new URL("../../bin/typescript-hooks.js", import.meta.url), { data });
}

/**
 * The system that a person's own file exports by default.
 *
 * @throws `page.missing`, `page.kind`, `page.import` (with the place of the mistake), `page.export`
 */
export async function loadUserSystem(path: string): Promise<AnySystem> {
  return checked(await load(path), path);
}

/** The same, or the model, when the file exports no more than that by default. */
export async function loadUserPage(path: string): Promise<AnySystem | { readonly model: Model }> {
  const found = await load(path);
  const model = found.default;
  return isLayer(model) || model instanceof Tensor ? { model } : checked(found, path);
}

async function load(path: string): Promise<Record<string, unknown>> {
  const full = resolve(path);
  if (!existsSync(full)) {
    throw new PondusError("page.missing", `${path}: there is no such file (looked for from ${process.cwd()}).`);
  }
  if (statSync(full).isDirectory()) {
    throw new PondusError("page.missing", `${path}: this is a folder${hintFor(path)}`);
  }
  if (!/\.[cm]?[jt]s$/.test(full)) {
    throw new PondusError("page.kind", `${path}: a page is a file that ends in .ts or .js.`);
  }
  registerHooks();
  try {
    return await import(pathToFileURL(full).href);
  } catch (error) {
    if (error instanceof PondusError) throw error;
    throw new PondusError("page.import", importFailure(path, full, error as Error), { cause: error });
  }
}

function hintFor(folder: string): string {
  if (existsSync(join(folder, runFiles.run))) return ` that holds a run; continue it with --resume ${folder}`;
  return "; name the file that defines the system.";
}

function importFailure(path: string, full: string, error: Error): string {
  const { name, message, stack = "" } = error;
  if (message.startsWith(`${full}:`)) return `${path}${message.slice(full.length)}`;
  // Node puts the place of a mistake in plain JavaScript before the stack.
  const place = /^file:\/\/\S+?:(\d+)$/m.exec(stack.split("\n")[0]);
  // The mistake may lie in a file that the page imports: then the message itself says in which.
  const where = userPlace(stack)?.replace(full, path) ?? (place ? `${path}:${place[1]}` : path);
  return /^\S+:\d+:\d+: /.test(message) ? message : `${where}: ${name}: ${message}`;
}

/** What a page must say, and of which type. */
const parts = { name: "string", title: "string", summary: "string", model: "function", train: "function" } as const;

/** The name becomes part of the run folder's. */
const oneWord = /^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u;

function checked(found: Record<string, unknown>, path: string): AnySystem {
  const system = found.default;
  if (typeof system !== "object" || system === null) {
    const exported = Object.keys(found).join(", ") || "nothing";
    throw new PondusError(
      "page.export",
      `${path}: a page ends in \`export default defineSystem({ ... })\`, but this file exports ${exported}.`,
    );
  }
  for (const [part, type] of Object.entries(parts)) {
    const value = (system as Record<string, unknown>)[part];
    if (typeof value === type) continue;
    throw new PondusError(
      "page.export",
      `${path}: the system's \`${part}\` should be a ${type}, but it is ${value === undefined ? "missing" : `a ${typeof value}`}.`,
    );
  }
  const { name } = system as AnySystem;
  if (!oneWord.test(name)) {
    throw new PondusError(
      "page.export",
      `${path}: the system's \`name\` should be one word of letters, digits, "-", "_" and ".", but it is "${name}".`,
    );
  }
  return system as AnySystem;
}
