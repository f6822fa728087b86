import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isMine } from "#host/cache-folder";
import { markUsed, prune } from "./prune.ts";

const digestOf = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 32);
const nameOf = (key: string, digest: string) => `${key}-${digest}.so`;

/**
 * The place of a shared library by its name, if it is whole and this user's own. The name holds a digest of the
 * content: a file that was cut short (a full disk, a crash) must not even be opened, since the system maps a library
 * without checking it. What does not fit its name goes.
 */
export function findLibrary(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  try {
    if (!isMine(path)) return undefined;
    if (name === nameOf(name.split("-")[0], digestOf(path))) {
      markUsed(path);
      return path;
    }
    rmSync(path, { force: true });
  } catch {
    // Another process may have taken it away.
  }
  return undefined;
}

/** A shared library that was kept under `key`. */
export function findLibraryOf(folder: string, key: string): string | undefined {
  for (const name of readdirSync(folder)) {
    const path = name.startsWith(`${key}-`) && name.endsWith(".so") && findLibrary(folder, name);
    if (path) return path;
  }
  return undefined;
}

/** Moves a finished library to its place under `key`. */
export function keepLibrary(folder: string, key: string, draft: string): string {
  const path = join(folder, nameOf(key, digestOf(draft)));
  renameSync(draft, path);
  markUsed(path);
  prune(folder);
  return path;
}
