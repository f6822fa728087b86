/** Rows of text under each other: the first column to the left, the others to the right unless `left` names them too. */
export function columns(rows: readonly (readonly string[])[], left: readonly number[] = [0]): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((text, i) => (left.includes(i) ? text.padEnd(widths[i]) : text.padStart(widths[i])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
