import { tridiagonalEigen } from "../ledger/tridiagonal.ts";

export interface SymmetricEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** The direction that belongs to values[index]: [n], of length 1. */
  vector(index: number): Float64Array;
}

/**
 * All eigenvalues of a symmetric matrix, each to about n 2^-52 of the largest: Householder's reduction to tridiagonal form
 * (Golub & Van Loan, Matrix Computations, 4th ed., section 8.3.1), then the implicit QL method.
 *
 * @param matrix  [n, n] row-major; only its lower triangle is read
 */
export function symmetricEigen(matrix: ArrayLike<number>): SymmetricEigen {
  const n = Math.round(Math.sqrt(matrix.length));
  const a = Float64Array.from(matrix);
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(Math.max(n - 1, 0));
  const reflectors: { readonly v: Float64Array; readonly beta: number }[] = [];
  for (let k = 0; k < n - 1; k++) {
    // The column below the diagonal becomes one entry: H x = -+|x| e1, with H = 1 - beta v v'.
    const v = Float64Array.from({ length: n - k - 1 }, (_, i) => a[(k + 1 + i) * n + k]);
    const beta = reflector(v);
    beside[k] = beta.image;
    reflectors.push({ v, beta: beta.beta });
    if (beta.beta !== 0) reflect(a, n, k + 1, v, beta.beta);
  }
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i];
  // What is below the reduction's own rounding is none of the matrix. QL wants the small entries first, where this leaves them
  // last.
  const top = Math.max(largest(diagonal), largest(beside));
  const { values, vectors } = tridiagonalEigen(
    diagonal.toReversed(),
    beside.toReversed().map((e) => (Math.abs(e) > 2 ** -54 * top ? e : 0)),
  );
  return {
    values: values.slice().reverse(),
    vector: (index) => {
      const row = n - 1 - index;
      const y = vectors.slice(row * n, (row + 1) * n).reverse();
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
