import { stripVTControlCharacters } from "node:util";

const width = (text: string) => stripVTControlCharacters(text).length;

/** Rows as aligned columns; columns named in `right` stand at their right edge. */
export function formatTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => width(row[i] ?? ""))));
  const line = (row: readonly string[]) => {
    const cells = row.map((cell, i) => {
      const space = " ".repeat(widths[i] - width(cell));
      return right.includes(i) ? space + cell : cell + space;
    });
    return `  ${cells.join("  ")}`.trimEnd();
  };
  return rows.map(line).join("\n");
}
