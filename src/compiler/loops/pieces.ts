import type { Builder } from "../ir/builder.ts";
import type { Axis, Kernel } from "../ir/kernel.ts";
import type { Machine } from "../ir/loop.ts";
import { lanesFor, type Tiling } from "./tile.ts";

/** Consecutive iterations of one axis that are written alike: `count` points (or vectors of `lanes`) at a time. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly lanes: number;
  readonly count: number;
}

export function cut(begin: number, end: number, lanes: number, count: number): Piece[] {
  const pieces: Piece[] = [];
  let from = begin;
  const take = (width: number, n: number) => {
    const to = from + Math.floor((end - from) / (width * n)) * width * n;
    if (to > from) pieces.push({ from, to, lanes: width, count: n });
    from = to;
  };
  take(lanes, count);
  const left = Math.floor((end - from) / lanes);
  if (left > 0) take(lanes, left);
  return pieces;
}

/** `cut`, and what is shorter than a vector in ever smaller ones, down to single elements. */
export function cutVectors(axis: Axis, tiling: Tiling, kernel: Kernel, machine: Machine): Piece[] {
  const pieces = cut(0, axis.size, tiling.lanes, tiling.columns);
  let from = pieces.length > 0 ? pieces[pieces.length - 1].to : 0;
  while (from < axis.size) {
    const lanes = Math.min(lanesFor(axis.size - from, tiling.lanes, kernel, machine), tiling.lanes);
    const to = from + Math.floor((axis.size - from) / lanes) * lanes;
    pieces.push({ from, to, lanes, count: 1 });
    from = to;
  }
  return pieces;
}

/** Whether the iterations of a loop may run in any order. */
export type Order = "independent" | "in order";

/** Writes loops over `axes` around `inside`. */
export function nest(b: Builder, axes: readonly Axis[], order: Order, inside: () => void): void {
  const [first, ...rest] = axes;
  if (!first) inside();
  else b.loop(first.index, 0, first.size, 1, order === "independent", () => nest(b, rest, order, inside));
}

/** Writes one loop per piece; without an axis there is one point. */
export function overPieces(
  b: Builder,
  axis: Axis | undefined,
  pieces: readonly Piece[],
  order: Order,
  inside: (piece: Piece) => void,
): void {
  if (!axis) inside({ from: 0, to: 1, lanes: 1, count: 1 });
  else {
    for (const p of pieces) {
      b.loop(axis.index, p.from, p.to, p.lanes * p.count, order === "independent", () => inside(p));
    }
  }
}
