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

/**
 * The same as text: UTF-8, or UTF-16 that says so by its byte-order mark. The mark is left out.
 *
 * @throws `file.text` when the bytes are no such text
 */
export function readText(path: string): string {
  const bytes = readBytes(path);
  const mark =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff && "utf-16be";
  try {
    const text = new TextDecoder(mark || "utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Said below.
  }
  throw new PondusError(
    "file.text",
    `${path}: text is needed here, and this is none in UTF-8 (a spreadsheet, an image, another encoding?); ` +
      "save it as text, such as CSV in UTF-8.",
  );
}
