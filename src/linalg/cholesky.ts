import { concat, eye } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { customGradient } from "../transforms/custom.ts";
import { requireSquare, system } from "./operands.ts";
import { choleskyTile, corners, padded, tiling, transposed } from "./tiles.ts";
import { matrixOf, solveTriangle, type Triangle } from "./triangle.ts";
import { solved } from "./triangular.ts";

/** Half of the upper corner of a symmetric product is not computed, as long as it has at least this many rows. */
const WHOLE = 256;

/**
 * The lower triangular L with L L^T = A, as `jax.numpy.linalg.cholesky`: of A its symmetric part, (A + A^T) / 2, counts, and where
 * that is not positive definite, L is NaN in its lower triangle. Gradients are those of Murray (arXiv:1602.07527).
 *
 * @param a  [..., n, n]
 * @throws `linalg.shape`, `dtype.unsuitable`
 */
export function cholesky(a: Tensor): Tensor {
  requireSquare("cholesky", a);
  return rooted(a.add(transposed(a)).mul(0.5));
}

/**
 * The x with L L^T x = b, as `jax.scipy.linalg.cho_solve`.
 *
 * @param l  [..., n, n], what `cholesky` gave; above the diagonal it is not read
 * @param b  [n] or [..., n, k]; leading axes broadcast
 * @throws `linalg.shape`, `dtype.unsuitable`, `dtype.mixed`
 */
export function choSolve(l: Tensor, b: Tensor): Tensor {
  const given = system("choSolve", l, b);
  const triangle = given.a.tril();
  const x = solved(triangle, solved(triangle, given.b, false), true);
  return b.rank === 1 ? x.squeeze(-1) : x;
}

/** The factor of a symmetric matrix. With y its cotangent, that of A is the symmetric part of L^-T P L^-1, P the lower triangle of L^T y with half its diagonal. */
function rooted(a: Tensor): Tensor {
  return customGradient(factored(a), [a], (y, [a]) => {
    const l = rooted(a);
    const product = transposed(l).matmul(y);
    const half = product.tril().sub(product.mul(eye(l.shape[l.rank - 1], l.dtype)).mul(0.5));
    const square = solved(l, transposed(solved(l, half, true)), true);
    return [square.add(transposed(square)).mul(0.5)];
  });
}

function factored(a: Tensor): Tensor {
  const n = a.shape[a.rank - 1];
  const { count, rows } = tiling(n);
  const l = matrixOf(factor(padded(a, count * rows), count))
    .slice(0, n, -2)
    .slice(0, n, -1);
  const definite = l.diagonal(0, -2, -1).gt(0).all(-1, { keepDims: true }).unsqueeze(-1);
  return definite.where(l, Number.NaN).tril();
}

/** Of a symmetric matrix in 2^k tiles, whose upper corner is read in its tiles on the diagonal alone. */
function factor(a: Tensor, tiles: number): Triangle {
  if (tiles === 1) return choleskyTile(a);
  const c = corners(a);
  const first = factor(c.first, tiles / 2);
  const across = solveTriangle(first, transposed(c.below));
  const second = factor(minusSquare(c.second, across), tiles / 2);
  return { first, below: transposed(across), second };
}

/** a - x^T x, of which only the lower triangle is right. */
function minusSquare(a: Tensor, x: Tensor): Tensor {
  const n = a.shape[a.rank - 1];
  if (n < WHOLE || n % 2 !== 0) return a.sub(transposed(x).matmul(x));
  const c = corners(a);
  const [left, right] = [x.slice(0, n / 2, -1), x.slice(n / 2, n, -1)];
  const first = minusSquare(c.first, left);
  const below = c.below.sub(transposed(right).matmul(left));
  return concat([concat([first, first], -1), concat([below, minusSquare(c.second, right)], -1)], -2);
}
