import { concat, eye } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { customGradient } from "../transforms/custom.ts";
import { system } from "./operands.ts";
import { invertTiles, padded, tiling, transposed } from "./tiles.ts";
import { cut, solveTriangle } from "./triangle.ts";

/**
 * The x with a x = b for triangular matrices `a`, as `jax.scipy.linalg.solve_triangular`. The other triangle of `a` is not read.
 * A zero on the diagonal gives infinities or NaN.
 *
 * @param a  [..., n, n]
 * @param b  [n] or [..., n, k]; leading axes broadcast
 * @param options.lower         the lower triangle counts, not the upper one
 * @param options.trans         solves a^T x = b
 * @param options.unitDiagonal  the diagonal counts as ones and is not read
 * @throws `linalg.shape`, `dtype.unsuitable`, `dtype.mixed`
 */
export function solveTriangular(
  a: Tensor,
  b: Tensor,
  options: { lower?: boolean; trans?: boolean; unitDiagonal?: boolean } = {},
): Tensor {
  const { lower = false, trans = false, unitDiagonal = false } = options;
  const given = system("solveTriangular", a, b);
  const below = lower ? given.a : transposed(given.a);
  const l = unitDiagonal ? below.tril(-1).add(eye(a.shape[a.rank - 1], a.dtype)) : below.tril();
  const x = solved(l, given.b, lower === trans);
  return b.rank === 1 ? x.squeeze(-1) : x;
}

/**
 * The x with l x = b, or l^T x = b with `across`, for lower triangular l [..., n, n] that has zeros above, and b [..., n, k].
 * With y the cotangent of x, that of b is z with l^T z = y (or l z = y), and that of l is -z x^T (or -x z^T).
 */
export function solved(l: Tensor, b: Tensor, across: boolean): Tensor {
  return customGradient(substitute(l, b, across), [l, b], (y, [l, b]) => {
    const x = solved(l, b, across);
    const z = solved(l, y, !across);
    const square = across ? x.matmul(transposed(z)) : z.matmul(transposed(x));
    return [square.neg().tril(), z];
  });
}

function substitute(l: Tensor, b: Tensor, across: boolean): Tensor {
  const n = l.shape[l.rank - 1];
  const { count, rows } = tiling(n);
  const whole = padded(l, count * rows);
  const tiles = Array.from({ length: count }, (_, i) =>
    whole
      .slice(i * rows, (i + 1) * rows, -2)
      .slice(i * rows, (i + 1) * rows, -1)
      .unsqueeze(0),
  );
  const diagonal = tiles.length === 1 ? tiles[0] : concat(tiles, 0);
  const inverses = invertTiles(diagonal);
  const triangle = cut(
    whole,
    tiles.map((_, i) => ({ tile: diagonal.at(i), inverse: inverses.at(i) })),
  );
  const x = solveTriangle(triangle, b.padAxis(0, count * rows - n, -2), across);
  return x.slice(0, n, -2);
}
