import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Where compiled programs are kept: a folder that its owner alone can enter, since whoever can write there can run code
 * as the user. PONDUS_CACHE names another one; when none is safe, a fresh private folder serves for this process.
 */
export function cacheFolder(): string {
  const wanted = process.env.PONDUS_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pondus");
  try {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    if (isMine(wanted)) {
      chmodSync(wanted, 0o700);
      return wanted;
    }
  } catch {
    // Not writable: fall through to a private folder.
  }
  temporary ??= mkdtempSync(join(tmpdir(), "pondus-"));
  return temporary;
}

let temporary: string | undefined;

/** True when this user owns it and nobody else may write to it. */
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

/** Writes a file under a temporary name and renames it, so that nobody ever sees half of it. */
export function writeWhole(path: string, text: string): void {
  const draft = temporaryName(path);
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A name beside `path` that nobody else uses. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}.${randomBytes(6).toString("hex")}`;
}
