/** So many lines of a text, from the first that contains `from`. */
export interface Part {
  readonly from: string;
  readonly lines: number;
}

/** The parts of a text, in order, with "..." for what is left out. */
export function shorten(text: string, parts: "whole" | readonly Part[]): string {
  if (parts === "whole") return text;
  const lines = text.split("\n");
  const out: string[] = [];
  let next = 0;
  for (const part of parts) {
    const from = lines.findIndex((line, i) => i >= next && line.includes(part.from));
    if (from < 0) throw new Error(`nothing to show: no line contains "${part.from}" in\n${text}`);
    if (from > next) out.push(`${indentOf(lines[from])}...`);
    next = Math.min(from + part.lines, lines.length);
    out.push(...lines.slice(from, next));
  }
  if (next < lines.length) out.push(`${indentOf(lines[next - 1])}...`);
  return out.join("\n");
}

const indentOf = (line: string) => /^ */.exec(line)?.[0] ?? "";
