import { existsSync, statSync } from "node:fs";
import * as nodeModule from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { PondusError } from "../graph/errors.ts";
import type { AnySystem } from "../systems/system.ts";
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
 * @throws `page.missing`, `page.import` (with the place of the mistake), `page.export`
 */
export async function loadUserSystem(path: string): Promise<AnySystem> {
  const full = resolve(path);
  if (!existsSync(full)) {
    throw new PondusError("page.missing", `${path}: there is no such file (looked for from ${process.cwd()}).`);
  }
  if (statSync(full).isDirectory()) {
    throw new PondusError("page.missing", `${path}: this is a folder; name the file that defines the system.`);
  }
  registerHooks();
  let found: Record<string, unknown>;
  try {
    found = await import(pathToFileURL(full).href);
  } catch (error) {
    if (error instanceof PondusError) throw error;
    throw new PondusError("page.import", importFailure(path, full, error as Error), { cause: error });
  }
  return checked(found, path);
}

function importFailure(path: string, full: string, error: Error): string {
  const { name, message, stack = "" } = error;
  if (message.startsWith(`${full}:`)) return `${path}${message.slice(full.length)}`;
  // Node puts the place of a mistake in plain JavaScript before the stack.
  const place = /^file:\/\/\S+?:(\d+)$/m.exec(stack.split("\n")[0]);
  const where = userPlace(stack)?.replace(full, path) ?? (place ? `${path}:${place[1]}` : path);
  return /^\S+:\d+:\d+: /.test(message) ? message : `${where}: ${name}: ${message}`;
}

/** What a page must say, and of which type. */
const parts = { name: "string", title: "string", summary: "string", model: "function", train: "function" } as const;

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
  return system as AnySystem;
}
