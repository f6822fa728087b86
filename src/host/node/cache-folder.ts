import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { writeFile } from "./files.ts";

/**
 * Where compiled programs are kept: a folder that its owner alone can change, since any user who can write there can run
 * code as the user. PONDUS_CACHE names another one; when none is fit, a fresh private folder serves for this process.
 */
export function cacheFolder(): string {
  for (const folder of wantedFolders()) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
      if (isMine(folder)) return folder;
    } catch {
      // It cannot be made or written to: try the next.
    }
  }
  temporary ??= makeTemporary();
  return temporary;
}

/** The first that is named; a relative one would be another folder wherever the program is started. */
function wantedFolders(): string[] {
  const { PONDUS_CACHE, XDG_CACHE_HOME } = process.env;
  if (PONDUS_CACHE) return [PONDUS_CACHE];
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return [join(XDG_CACHE_HOME, "pondus")];
  try {
    const home = homedir();
    return isAbsolute(home) ? [join(home, ".cache", "pondus")] : [];
  } catch {
    // A user without an entry in the system's list has no home.
    return [];
  }
}

let temporary: string | undefined;

function makeTemporary(): string {
  const made = firstOf([tmpdir(), "/tmp", process.cwd()], (folder) => mkdtempSync(join(folder, "pondus-")));
  process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** The first result that comes without an error; when there is none, throws the first error. */
function firstOf<T, R>(list: readonly T[], attempt: (x: T) => R): R {
  let first: unknown;
  for (const x of list) {
    try {
      return attempt(x);
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

/** True when this user owns it and no other may write to it. */
export function isMine(path: string): boolean {
  const { uid, mode } = statSync(path);
  const owner = process.getuid?.();
  return owner === undefined || (uid === owner && (mode & 0o022) === 0);
}

/** A file's text when it exists and only its owner can have written it. */
export function readOwn(path: string): string | undefined {
  try {
    return isMine(path) ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a file, whole or not at all, that its owner alone can read. */
export function writeOwn(path: string, text: string): void {
  writeFile(path, text, 0o600);
}
