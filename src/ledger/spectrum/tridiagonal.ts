import { InternalError } from "../../graph/errors.ts";

export interface TridiagonalEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** Row i is the i-th eigenvector, of length 1: [n, n] row-major; empty where none were asked for. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues and eigenvectors of a symmetric tridiagonal matrix by the implicit QL method (Martin & Wilkinson, Numer.
 * Math. 12, 377, 1968; with Dubrulle's change, ibid. 15, 450, 1970: EISPACK's imtql2).
 *
 * @param diagonal  [n]
 * @param beside    [n - 1], the entries next to the diagonal
 * @param options.vectors  whether eigenvectors are wanted, which take n times as long (default: yes)
 */
export function tridiagonalEigen(
  diagonal: ArrayLike<number>,
  beside: ArrayLike<number>,
  { vectors: wanted = true }: { vectors?: boolean } = {},
): TridiagonalEigen {
  const n = diagonal.length;
  const d = Float64Array.from(diagonal);
  const e = new Float64Array(n);
  for (let i = 0; i < n - 1; i++) e[i] = beside[i];
  const width = wanted ? n : 0;
  const z = new Float64Array(n * width);
  for (let i = 0; i < width; i++) z[i * n + i] = 1;

  const floor = Math.max(2 ** -960, 2 ** -104 * [...d, ...e].reduce((top, x) => Math.max(top, Math.abs(x)), 0));

  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      const m = end(d, e, l, floor);
      if (m === l) break;
      if (sweep === 60) throw new InternalError(`the tridiagonal eigenproblem of ${n} rows did not converge`);
      chase(d, e, z, l, m);
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => d[i] - d[j]);
  const vectors = new Float64Array(n * width);
  for (const [to, from] of order.entries()) vectors.set(z.subarray(from * width, (from + 1) * width), to * width);
  return { values: Float64Array.from(order, (i) => d[i]), vectors };
}

/**
 * The last row of the block that begins at `l`: the entry beside it is nothing beside its neighbours, or beside the whole
 * matrix (where the neighbours are 0, or where so few bits are left that a rotation would not be one).
 */
function end(d: Float64Array, e: Float64Array, l: number, floor: number): number {
  const least = (m: number) => Math.max(floor, Number.EPSILON * (Math.abs(d[m]) + Math.abs(d[m + 1])));
  let m = l;
  while (m < d.length - 1 && Math.abs(e[m]) > least(m)) m++;
  return m;
}

/** One QL step on rows l to m, shifted by an eigenvalue of the leading two by two; the bulge goes from m up to l. */
function chase(d: Float64Array, e: Float64Array, z: Float64Array, l: number, m: number): void {
  const width = z.length / d.length;
  const half = (d[l + 1] - d[l]) / (2 * e[l]);
  const root = Math.hypot(half, 1);
  let g = d[m] - d[l] + e[l] / (half + (half < 0 ? -root : root));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i];
    const b = c * e[i];
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The matrix came apart in the middle of the step.
      d[i + 1] -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    const q = d[i + 1] - p;
    const t = (d[i] - q) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = q + p;
    g = c * t - b;
    for (let k = 0; k < width; k++) {
      const [above, below] = [z[i * width + k], z[(i + 1) * width + k]];
      z[(i + 1) * width + k] = s * above + c * below;
      z[i * width + k] = c * above - s * below;
    }
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}
