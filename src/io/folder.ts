import { dirname, exists, isFolder, join, makeFolder, removeFolder, resolve, temporaryName } from "#host/files";
import { PondusError } from "../graph/errors.ts";
import { readBytes, writeBytes } from "./files.ts";

/** Files of one folder by their names: those on a disk, or bytes that are held in memory. */
export interface Folder {
  /** What messages call it; of one on a disk its path. */
  readonly name: string;
  /** What messages call a file in it. */
  path(file: string): string;
  isThere(): boolean;
  has(file: string): boolean;
  /** @throws `file.*` */
  read(file: string): Uint8Array;
  /** Writes a file whole or not at all; throws `file.write`, `file.host`. */
  write(file: string, content: string | Uint8Array): void;
  /** Makes the folder and those above it; throws `file.write`, `file.host`. */
  make(): void;
  /** Throws `file.write`, `file.host` unless files can be made in it, or the folder itself; leaves nothing behind. */
  checkWritable(): void;
}

export function folderOnDisk(name: string): Folder {
  const path = (file: string) => join(name, file);
  return {
    name,
    path,
    isThere: () => exists(name),
    has: (file) => exists(path(file)),
    read: (file) => readBytes(path(file)),
    write: (file, content) => writeBytes(path(file), content),
    make: () => void attempt(name, () => makeFolders(name)),
    checkWritable: () =>
      attempt(name, () => {
        for (const fresh of makeFolders(temporaryName(path(".trial"))).reverse()) removeIfEmpty(fresh);
      }),
  };
}

/** @param files  by their names; those that are written go there */
export function folderInMemory(files: Map<string, Uint8Array>, name: string): Folder {
  const path = (file: string) => `${file} of ${name}`;
  return {
    name,
    path,
    isThere: () => true,
    has: (file) => files.has(file),
    read: (file) => {
      const bytes = files.get(file);
      if (bytes instanceof Uint8Array) return bytes;
      if (bytes !== undefined) {
        throw new PondusError("source.type", `${path(file)}: a Uint8Array should hold it, but something else came.`);
      }
      const names = [...files.keys()].join(", ") || "nothing";
      throw new PondusError("file.missing", `${path(file)}: there is no such file; what is there is ${names}.`);
    },
    write: (file, content) => {
      files.set(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
    },
    make: () => {},
    checkWritable: () => {},
  };
}

/** Makes a folder where there is none yet. @returns whether it did; throws `file.write`, `file.host` */
export function makeNewFolder(path: string): boolean {
  return attempt(path, () => {
    try {
      makeFolder(path);
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    }
  });
}

/** Makes a folder and those above it; returns the new ones. (Node's own way never ends in folders such as /proc.) */
function makeFolders(path: string): string[] {
  try {
    makeFolder(path);
    return [path];
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST" && isFolder(path)) return [];
    if (code !== "ENOENT") throw error;
    const fresh = makeFolders(dirname(resolve(path)));
    makeFolder(path);
    return [...fresh, path];
  }
}

/** Another run may have begun to use the folder. */
function removeIfEmpty(path: string): void {
  try {
    removeFolder(path);
  } catch (error) {
    if (codeOf(error) !== "ENOTEMPTY") throw error;
  }
}

function attempt<T>(folder: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const code = codeOf(cause);
    const { message } = cause as Error;
    if (code === "ENOSYS") throw new PondusError("file.host", `${folder}: ${message}.`, { cause });
    const why = obstacles[code] ?? message;
    throw new PondusError("file.write", `${folder}: the run folder cannot be made: ${why}.`, { cause });
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

const obstacles: Readonly<Record<string, string>> = {
  EEXIST: "a file of that name is in the way; choose another with --out",
  ENOTDIR: "part of the path is a file; choose another with --out",
  EACCES: "you may not write there; choose another with --out",
  EROFS: "that disk is read-only; choose another with --out",
};
