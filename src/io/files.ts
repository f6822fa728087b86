import { readFile, workingFolder, writeFile } from "#host/files";
import { PondusError } from "../graph/errors.ts";

/**
 * The bytes of a file that a person named.
 *
 * @throws `file.missing`, `file.folder`, `file.read`; `file.host` in a web page, which has no files
 */
export function readBytes(path: string): Uint8Array {
  try {
    return readFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      const seenFrom = path.startsWith("/") ? "" : ` (looked for from ${workingFolder()})`;
      throw new PondusError("file.missing", `${path}: there is no such file${seenFrom}.`, { cause });
    }
    if (code === "EISDIR") {
      throw new PondusError("file.folder", `${path}: a file is needed here, and this is a folder.`, { cause });
    }
    if (code === "ENOSYS") throw new PondusError("file.host", `${path}: ${message}.`, { cause });
    throw new PondusError("file.read", `${path}: cannot be read (${message}).`, { cause });
  }
}

/**
 * Writes a file whole or not at all.
 *
 * @throws `file.write` when the place cannot be written to; `file.host` in a web page, which has no files
 */
export function writeBytes(path: string, content: string | Uint8Array): void {
  try {
    writeFile(path, content);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOSYS") throw new PondusError("file.host", `${path}: ${message}.`, { cause });
    throw new PondusError("file.write", `${path}: cannot be written (${message}).`, { cause, exitCode: 1 });
  }
}
