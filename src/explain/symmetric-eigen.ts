import { tridiagonalEigen } from "../ledger/spectrum/tridiagonal.ts";

export interface SymmetricEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** The direction that belongs to values[index]: [n], of length 1. */
  vector(index: number): Float64Array;
}

/**
 * All eigenvalues of a symmetric matrix, each to about n 2^-52 of the largest: Householder's reduction to tridiagonal form
 * (Golub & Van Loan, Matrix Computations, 4th ed., section 8.3.1), then the implicit QL method; single eigenvectors by
 * inverse iteration.
 *
 * @param matrix   [n, n] row-major; only its lower triangle is read
 * @param onShare  called now and then with how much of the work is done, from 0 to 1
 */
export async function symmetricEigen(
  matrix: ArrayLike<number>,
  onShare?: (share: number) => Promise<void>,
): Promise<SymmetricEigen> {
  const n = Math.round(Math.sqrt(matrix.length));
  const a = Float64Array.from(matrix);
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(Math.max(n - 1, 0));
  const reflectors: Reflector[] = [];
  for (let k = 0; k < n - 1; k++) {
    await onShare?.(1 - (1 - k / n) ** 3);
    // The column below the diagonal becomes one entry: H x = -+|x| e1, with H = 1 - beta v v'.
    const v = Float64Array.from({ length: n - k - 1 }, (_, i) => a[(k + 1 + i) * n + k]);
    const { beta, image } = reflector(v);
    beside[k] = image;
    reflectors.push({ v, beta });
    if (beta !== 0) reflect(a, n, k + 1, v, beta);
  }
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i];
  // What is below the reduction's own rounding is none of the matrix.
  const top = Math.max(largest(diagonal), largest(beside));
  for (let i = 0; i < beside.length; i++) if (Math.abs(beside[i]) <= 2 ** -54 * top) beside[i] = 0;
  // QL wants the small entries first, where this leaves them last.
  const { values } = tridiagonalEigen(diagonal.toReversed(), beside.toReversed(), { vectors: false });
  const descending = values.toReversed();
  return {
    values: descending,
    vector: (index) => {
      const y = tridiagonalVector(diagonal, beside, descending[index], top);
      for (let k = n - 2; k >= 0; k--) {
        const { v, beta } = reflectors[k];
        let sum = 0;
        for (let i = 0; i < v.length; i++) sum += v[i] * y[k + 1 + i];
        for (let i = 0; i < v.length; i++) y[k + 1 + i] -= beta * sum * v[i];
      }
      return y;
    },
  };
}

interface Reflector {
  readonly v: Float64Array;
  readonly beta: number;
}

/**
 * The eigenvector of a tridiagonal matrix that belongs to an eigenvalue, by inverse iteration: (T - value) x = b is solved by
 * elimination with pivoting, again and again with the last x for b.
 *
 * @param top  the size of the matrix's entries
 */
function tridiagonalVector(diagonal: Float64Array, beside: Float64Array, value: number, top: number): Float64Array {
  const n = diagonal.length;
  const least = 2 ** -53 * top || 1;
  let x = Float64Array.from({ length: n }, (_, i) => 1 + ((i * 7919) % 101) / 101);
  for (let sweep = 0; sweep < 4; sweep++) {
    // Rows of the upper triangle that is left: the diagonal and two entries beside it.
    const [u, v, w] = [diagonal.map((d) => d - value), new Float64Array(n), new Float64Array(n)];
    v.set(beside);
    for (let i = 0; i < n - 1; i++) {
      const [below, next, after] = [beside[i], u[i + 1], v[i + 1]];
      if (Math.abs(below) > Math.abs(u[i])) {
        const factor = u[i] / below;
        [x[i], x[i + 1]] = [x[i + 1], x[i] - factor * x[i + 1]];
        [u[i], u[i + 1]] = [below, v[i] - factor * next];
        [v[i], v[i + 1], w[i]] = [next, -factor * after, after];
      } else if (below !== 0) {
        const factor = below / u[i];
        x[i + 1] -= factor * x[i];
        u[i + 1] = next - factor * v[i];
      }
    }
    for (let i = n - 1; i >= 0; i--) {
      const rest = x[i] - (i + 1 < n ? v[i] * x[i + 1] : 0) - (i + 2 < n ? w[i] * x[i + 2] : 0);
      x[i] = rest / (Math.abs(u[i]) > least ? u[i] : least);
    }
    const size = largest(x);
    const length = size * Math.sqrt(x.reduce((sum, y) => sum + (y / size) ** 2, 0));
    x = x.map((y) => y / length);
  }
  return x;
}

/** Turns x into the v of its reflector; returns beta and what x becomes. */
function reflector(x: Float64Array): { beta: number; image: number } {
  const top = largest(x);
  if (top === 0) return { beta: 0, image: 0 };
  const length = top * Math.sqrt(x.reduce((sum, value) => sum + (value / top) ** 2, 0));
  const image = x[0] > 0 ? -length : length;
  const first = x[0] - image;
  for (let i = 1; i < x.length; i++) x[i] /= first;
  x[0] = 1;
  return { beta: -first / image, image };
}

/** A = H A H on the lower triangle from row and column `from` on. */
function reflect(a: Float64Array, n: number, from: number, v: Float64Array, beta: number): void {
  const size = v.length;
  const p = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const row = (from + i) * n + from;
    let sum = a[row + i] * v[i];
    for (let j = 0; j < i; j++) {
      sum += a[row + j] * v[j];
      p[j] += a[row + j] * v[i];
    }
    p[i] += sum;
  }
  let along = 0;
  for (let i = 0; i < size; i++) {
    p[i] *= beta;
    along += p[i] * v[i];
  }
  for (let i = 0; i < size; i++) p[i] -= (beta / 2) * along * v[i];
  for (let i = 0; i < size; i++) {
    const row = (from + i) * n + from;
    for (let j = 0; j <= i; j++) a[row + j] -= v[i] * p[j] + p[i] * v[j];
  }
}

const largest = (x: Float64Array) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
