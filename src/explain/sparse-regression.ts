/** A least-squares fit with some of the columns. */
export interface SparseFit {
  /** Which columns, ascending. */
  readonly columns: readonly number[];
  readonly coefficients: readonly number[];
  /** Root mean square of what is left, in units of the root mean square of the target. */
  readonly error: number;
  /**
   * The highest threshold, for coefficients of columns of length 1 and a target of length 1, that leaves these columns: the
   * smallest of the coefficients.
   */
  readonly threshold: number;
}

/**
 * Sequentially thresholded least squares (Brunton, Proctor & Kutz, PNAS 113, 3932, 2016) along the whole path of thresholds:
 * all columns are fitted, the one with the smallest coefficient goes, the rest is fitted again, until one is left. Columns
 * have length 1 while coefficients are compared, so that units play no part.
 *
 * @param columns  [terms], each [samples]; columns that are zero never take part
 * @param target   [samples]
 * @returns        a fit for each number of terms, the most terms first
 */
export function sparsePath(columns: readonly ArrayLike<number>[], target: ArrayLike<number>): SparseFit[] {
  const lengths = columns.map(norm);
  const unit = columns.map((c, j) => Float64Array.from(c, (x) => x / (lengths[j] || 1)));
  const size = norm(target) || 1;
  let active = columns.map((_, j) => j).filter((j) => lengths[j] > 0);
  const path: SparseFit[] = [];
  while (active.length > 0) {
    const { coefficients, rest } = leastSquares(
      active.map((j) => unit[j]),
      target,
    );
    const sizes = coefficients.map((c) => Math.abs(c) / size);
    const least = sizes.reduce((at, s, i) => (s < sizes[at] ? i : at), 0);
    path.push({
      columns: active,
      coefficients: coefficients.map((c, i) => c / lengths[active[i]]),
      error: rest / size,
      threshold: sizes[least],
    });
    active = active.filter((_, i) => i !== least);
  }
  return path;
}

/** An error below this share is rounding, and no reason to keep a term. */
const rounding = 1e-9;

/**
 * The knee of a path: the number of terms without whose last one the error would grow by the largest factor. Samples of a
 * network are smooth, without noise and as many as one likes, so that an information criterion, which counts them as
 * independent measurements, would keep every term.
 *
 * @returns  its place in the path
 */
export function knee(path: readonly SparseFit[]): number {
  const floored = path.map(({ error }) => Math.max(error, rounding));
  const growth = floored.map((error, i) => (floored[i + 1] ?? Math.max(1, error)) / error);
  // Of equals the one with fewer terms, which comes later.
  return growth.reduce((at, factor, i) => (factor >= growth[at] * (1 - 1e-9) ? i : at), 0);
}

/** By Gram and Schmidt, orthogonalised twice: columns of length 1 may be nearly alike. */
function leastSquares(columns: readonly Float64Array[], target: ArrayLike<number>) {
  const r = columns.map(() => new Float64Array(columns.length));
  const q = columns.map((c) => c.slice());
  const rest = Float64Array.from(target);
  const shares = q.map((column, j) => {
    for (let twice = 0; twice < 2; twice++) {
      for (let i = 0; i < j; i++) {
        const along = dot(q[i], column);
        r[i][j] += along;
        subtract(column, q[i], along);
      }
    }
    const length = norm(column);
    r[j][j] = length;
    // A column that the others already span adds nothing.
    for (let i = 0; i < column.length; i++) column[i] = length > 1e-12 ? column[i] / length : 0;
    const share = dot(column, rest);
    subtract(rest, column, share);
    return share;
  });
  const coefficients = shares.slice();
  for (let j = columns.length - 1; j >= 0; j--) {
    for (let i = j + 1; i < columns.length; i++) coefficients[j] -= r[j][i] * coefficients[i];
    coefficients[j] = r[j][j] > 1e-12 ? coefficients[j] / r[j][j] : 0;
  }
  return { coefficients, rest: norm(rest) };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

const norm = (a: ArrayLike<number>) => Math.sqrt(dot(a, a));

function subtract(from: Float64Array, v: Float64Array, times: number): void {
  for (let i = 0; i < from.length; i++) from[i] -= times * v[i];
}
