import { PondusError } from "../graph/errors.ts";

/**
 * Bytes as text: UTF-8, or UTF-16 that says so by its byte-order mark. The mark is left out.
 *
 * @param name  what errors call the bytes
 * @throws `file.text` when the bytes are no such text
 */
export function textOf(bytes: Uint8Array, name: string): string {
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
    `${name}: text is needed here, and this is none in UTF-8 (a spreadsheet, an image, another encoding?); ` +
      "save it as text, such as CSV in UTF-8.",
  );
}
