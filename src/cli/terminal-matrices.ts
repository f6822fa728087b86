import { type Matrix, type MatrixPlot, shadesOf } from "../experiment/report/plot.ts";
import { wrapped } from "./wrap.ts";

/** From black to white. */
const characters = [" ", "░", "▒", "▓", "█"];

const between = 2;

/** Small matrices in characters, two to an entry, as many side by side as fit; undefined where not even one does. */
export function terminalMatrices({ title, matrices }: MatrixPlot, width: number): string | undefined {
  const blocks = matrices.map(block);
  const room = width - 2;
  if (blocks.length === 0 || blocks.some((lines) => lines[0].length > room)) return undefined;
  const bands: string[][][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const lines of blocks) {
    const wide = lines[0].length + between;
    if (used + lines[0].length > room) {
      bands.push([]);
      used = 0;
    }
    bands[bands.length - 1].push(lines);
    used += wide;
  }
  const drawn = bands.map((band) => {
    const high = Math.max(...band.map((lines) => lines.length));
    const row = (i: number) => band.map((lines) => lines[i] ?? " ".repeat(lines[0].length)).join(" ".repeat(between));
    return Array.from({ length: high }, (_, i) => `  ${row(i)}`.trimEnd()).join("\n");
  });
  const heading = wrapped(title.split(" "), room).map((line) => `  ${line}`);
  return [...heading, drawn.join("\n\n")].join("\n");
}

/** Name and rows, all equally wide. */
function block(matrix: Matrix): string[] {
  const { name, columns } = matrix;
  const shades = shadesOf(matrix);
  const character = (shade = 0) => characters[Math.min(characters.length - 1, Math.floor(shade * characters.length))];
  const rows = Array.from({ length: Math.ceil(shades.length / columns) }, (_, row) =>
    shades
      .slice(row * columns, (row + 1) * columns)
      .map((shade) => character(shade).repeat(2))
      .join(""),
  );
  const wide = Math.max(name.length, 2 * columns);
  return [name, ...rows].map((line) => line.padEnd(wide));
}
