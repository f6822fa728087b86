import { stripVTControlCharacters } from "node:util";

/** Pieces set side by side on as many lines as it takes; a piece that is wider than a line has one of its own. */
export function wrapped(pieces: readonly string[], width: number, between = " "): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    const longer = last === undefined ? piece : last + between + piece;
    if (last !== undefined && stripVTControlCharacters(longer).length <= width) lines[lines.length - 1] = longer;
    else lines.push(piece);
  }
  return lines;
}
