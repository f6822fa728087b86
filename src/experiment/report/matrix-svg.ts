import { type Matrix, shadesOf } from "./plot.ts";

/** Pixels along the longer side, about. */
const wide = 96;

/** A matrix as SVG: a square of grey for each entry, on light and on dark pages alike. */
export function matrixSvg(matrix: Matrix): string {
  const { columns } = matrix;
  const shades = shadesOf(matrix);
  const rows = Math.ceil(shades.length / columns);
  const side = Math.max(2, Math.floor(wide / Math.max(rows, columns)));
  const cells = shades.map((shade, i) => {
    if (shade === undefined) return "";
    const grey = Math.round(255 * shade);
    const [x, y] = [side * (i % columns), side * Math.floor(i / columns)];
    return `<rect x="${x}" y="${y}" width="${side}" height="${side}" fill="rgb(${grey},${grey},${grey})"/>`;
  });
  const [width, height] = [side * columns, side * rows];
  return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" shape-rendering="crispEdges">${cells.join("")}</svg>`;
}
