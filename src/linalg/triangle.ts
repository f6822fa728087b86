import { concat, zeros } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Corner, corners, type Tile, transposed } from "./tiles.ts";

/**
 * A lower triangular matrix [..., n, n], cut into halves down to tiles with their inverses. Nearly all of the work on such a
 * matrix is products of its corners, which are the fastest thing that a backend does.
 */
export type Triangle = Tile | Halves;

/** The two triangles on the diagonal, and the square below the first. */
export interface Halves {
  readonly first: Triangle;
  readonly below: Tensor;
  readonly second: Triangle;
}

/** The x with L x = b, for b [..., n, k]; with `across`, that with L^T x = b. */
export function solveTriangle(l: Triangle, b: Tensor, across = false): Tensor {
  if ("inverse" in l) return solveTile(l, b, across);
  const [top, bottom] = halves(b);
  if (across) {
    const below = solveTriangle(l.second, bottom, true);
    return concat([solveTriangle(l.first, top.sub(transposed(l.below).matmul(below)), true), below], -2);
  }
  const above = solveTriangle(l.first, top);
  return concat([above, solveTriangle(l.second, bottom.sub(l.below.matmul(above)))], -2);
}

/** The product with an inverse alone would lose as many digits as the tile's condition has; one step of refinement returns them. */
function solveTile({ tile, inverse }: Tile, b: Tensor, across: boolean): Tensor {
  const [l, m] = across ? [transposed(tile), transposed(inverse)] : [tile, inverse];
  const x = m.matmul(b);
  return x.add(m.matmul(b.sub(l.matmul(x))));
}

/** The matrix itself, with zeros above its diagonal. */
export function matrixOf(l: Triangle): Tensor {
  if ("inverse" in l) return l.tile;
  const first = matrixOf(l.first);
  const right = zeros(first.shape, first.dtype);
  return concat([concat([first, right], -1), concat([l.below, matrixOf(l.second)], -1)], -2);
}

/** The triangle of a matrix [..., 2^depth t, 2^depth t] whose tiles on the diagonal are given, in their order. */
export function cut(a: Tensor, tiles: readonly Tile[]): Triangle {
  if (tiles.length === 1) return tiles[0];
  const { first, below, second }: Corner = corners(a);
  const half = tiles.length / 2;
  return { first: cut(first, tiles.slice(0, half)), below, second: cut(second, tiles.slice(half)) };
}

function halves(b: Tensor): [Tensor, Tensor] {
  const n = b.shape[b.rank - 2];
  return [b.slice(0, n / 2, -2), b.slice(n / 2, n, -2)];
}
