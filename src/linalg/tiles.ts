import { scan } from "../tensor/control.ts";
import { arange, concat, eye } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A small lower triangular matrix [..., t, t] and its inverse. */
export interface Tile {
  readonly tile: Tensor;
  readonly inverse: Tensor;
}

/** The corners of a square matrix that is cut in halves, without the upper right one. */
export interface Corner {
  readonly first: Tensor;
  readonly below: Tensor;
  readonly second: Tensor;
}

/** A tile has about this many rows: more cost more in the loop over its rows, fewer make the products too thin. */
const TILE = 64;

/** In how many tiles of how many rows a matrix of n rows is cut: a power of two, so that all halves are alike. */
export function tiling(n: number): { count: number; rows: number } {
  const count = 2 ** Math.max(0, Math.ceil(Math.log2(n / TILE)));
  return { count, rows: Math.max(1, Math.ceil(n / count)) };
}

/** The matrix with more rows and columns behind, which are those of the identity. */
export function padded(a: Tensor, size: number): Tensor {
  const more = size - a.shape[a.rank - 1];
  if (more === 0) return a;
  const one = eye(size, a.dtype).mul(
    arange(size)
      .ge(size - more)
      .cast(a.dtype),
  );
  return a.padAxis(0, more, -1).padAxis(0, more, -2).add(one);
}

export function transposed(a: Tensor): Tensor {
  return a.transpose(-1, -2);
}

export function corners(a: Tensor): Corner {
  const n = a.shape[a.rank - 1];
  const [top, bottom] = [a.slice(0, n / 2, -2), a.slice(n / 2, n, -2)];
  return { first: top.slice(0, n / 2, -1), below: bottom.slice(0, n / 2, -1), second: bottom.slice(n / 2, n, -1) };
}

/**
 * The Cholesky factor of a small symmetric matrix [..., t, t], and the factor's inverse: elimination of [A | 1] row by row.
 * Where A is not positive definite there are NaN, by the square root of a negative number.
 */
export function choleskyTile(a: Tensor): Tile {
  const [t, rank] = [a.shape[a.rank - 1], a.rank];
  const one = eye(t, a.dtype).expand(a.shape);
  const { out } = scan(
    { rest: concat([a, one], -1) },
    ({ rest }, { i }) => {
      const row = rest.at(i, -2);
      const pivot = row.at(i, -1).unsqueeze(-1);
      const scaled = row.div(pivot.sqrt());
      const column = arange(t)
        .ge(i)
        .where(scaled.slice(0, t, -1), 0);
      const below = arange(t).gt(i).where(column, 0);
      const next = rest.sub(below.unsqueeze(-1).mul(scaled.unsqueeze(-2)));
      return { carry: { rest: next }, out: { column, inverse: scaled.slice(t, 2 * t, -1) } };
    },
    { xs: { i: arange(t) } },
  );
  return { tile: last(out.column, rank), inverse: last(out.inverse, rank - 1) };
}

/** The inverses of small lower triangular matrices [..., t, t], by elimination row by row. */
export function invertTiles(l: Tensor): Tensor {
  const [t, rank] = [l.shape[l.rank - 1], l.rank];
  const { out } = scan(
    { rest: eye(t, l.dtype).expand(l.shape) },
    ({ rest }, { i }) => {
      const column = l.at(i, -1);
      const row = rest.at(i, -2).div(column.at(i, -1).unsqueeze(-1));
      const below = arange(t).gt(i).where(column, 0);
      return { carry: { rest: rest.sub(below.unsqueeze(-1).mul(row.unsqueeze(-2))) }, out: { row } };
    },
    { xs: { i: arange(t) } },
  );
  return last(out.row, rank - 1);
}

/** What a loop stacked in front becomes axis `place` of the result, 1 for the last. */
function last(stacked: Tensor, place: number): Tensor {
  const axes = Array.from({ length: stacked.rank - 1 }, (_, i) => i + 1);
  axes.splice(place === stacked.rank ? stacked.rank - 1 : stacked.rank - 2, 0, 0);
  return stacked.permute(axes);
}
