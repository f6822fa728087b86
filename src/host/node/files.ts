import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

export { basename, dirname, join, relative, resolve } from "node:path";

/** The bytes of a file; throws Node's own error. */
export function readFile(path: string): Uint8Array {
  return readFileSync(path);
}

/**
 * Writes a file whole or not at all: under a temporary name beside it, then renamed, so that no reader ever sees half of
 * it. Throws Node's own error.
 *
 * @param mode  who may read and write it, as chmod(2) has it (default: as the user's umask says)
 */
export function writeFile(path: string, content: string | Uint8Array, mode = 0o666): void {
  const draft = temporaryName(path);
  try {
    writeFileSync(draft, content, { mode });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** A name beside `path` that nothing else uses. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}.${randomBytes(6).toString("hex")}`;
}

export const exists = (path: string): boolean => existsSync(path);

export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Makes one folder; throws Node's own error, EEXIST where something of that name is there. */
export function makeFolder(path: string): void {
  mkdirSync(path);
}

/** Removes a folder that is empty; throws Node's own error, ENOTEMPTY where it is not. */
export function removeFolder(path: string): void {
  rmdirSync(path);
}

/** The names in a folder, sorted; throws Node's own error. */
export const namesIn = (path: string): string[] => readdirSync(path).sort();

/** The folders in which an installed package may lie: above Pondus, and above the folder in which one works. */
export function packageFolders(name: string): string[] {
  return [import.meta.dirname, process.cwd()].flatMap(
    (from) => createRequire(join(from, "here.js")).resolve.paths(name) ?? [],
  );
}

/** The folder that relative paths begin at. */
export const workingFolder = (): string => process.cwd();
