import { readFileSync } from "node:fs";
import { PondusError } from "../graph/errors.ts";

/**
 * The bytes of a file that a person named.
 *
 * @throws `file.missing`, `file.folder`, `file.read`
 */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      const seenFrom = path.startsWith("/") ? "" : ` (looked for from ${process.cwd()})`;
      throw new PondusError("file.missing", `${path}: there is no such file${seenFrom}.`, { cause });
    }
    if (code === "EISDIR") {
      throw new PondusError("file.folder", `${path}: a file is needed here, and this is a folder.`, { cause });
    }
    throw new PondusError("file.read", `${path}: cannot be read (${message}).`, { cause });
  }
}

/** The same as text in UTF-8, without a byte-order mark. */
export function readText(path: string): string {
  return new TextDecoder("utf-8").decode(readBytes(path));
}
