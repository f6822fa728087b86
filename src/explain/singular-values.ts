export interface SingularValues {
  /** Descending, [k]. */
  readonly values: Float64Array;
  /** The direction along a line that belongs to values[index]: [width], of length 1; zeros where the value is 0. */
  along(index: number): Float64Array;
  /** The direction across the lines: [k], of length 1. */
  across(index: number): Float64Array;
}

/** Lines whose cosine is no larger are at right angles. */
const rightAngle = 1e-15;
const mostSweeps = 60;

/**
 * Singular values by one-sided Jacobi rotations (Hestenes, J. SIAM 6, 51, 1958): lines are rotated in pairs until all are at
 * right angles, and then their lengths are the values. Small ones keep digits that squaring the matrix would lose (Demmel &
 * Veselic, SIAM J. Matrix Anal. Appl. 13, 1204, 1992): half as many decades are drowned in rounding.
 *
 * @param lines  [k, width] row-major; about 10 k^2 width operations
 */
export function singularValues(lines: Float64Array, k: number): SingularValues {
  const width = lines.length / Math.max(k, 1);
  const rows = Array.from({ length: k }, (_, i) => lines.slice(i * width, (i + 1) * width));
  const rotations = rows.map((_, i) => Float64Array.from({ length: k }, (_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0, moved = true; moved && sweep < mostSweeps; sweep++) {
    moved = false;
    for (let i = 0; i < k; i++) {
      for (let j = i + 1; j < k; j++) {
        const [a, b, c] = [dot(rows[i], rows[i]), dot(rows[j], rows[j]), dot(rows[i], rows[j])];
        // The longer line comes first, so that the long ones are done with soonest.
        if (a < b) {
          [rows[i], rows[j], rotations[i], rotations[j]] = [rows[j], rows[i], rotations[j], rotations[i]];
        }
        if (c === 0 || Math.abs(c) <= rightAngle * Math.sqrt(a) * Math.sqrt(b)) continue;
        moved = true;
        const [long, short] = a < b ? [b, a] : [a, b];
        const zeta = (short - long) / (2 * c);
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, t);
        rotate(rows[i], rows[j], cosine, cosine * t);
        rotate(rotations[i], rotations[j], cosine, cosine * t);
      }
    }
  }
  const lengths = rows.map((row) => Math.sqrt(dot(row, row)));
  const order = lengths.map((_, i) => i).sort((i, j) => lengths[j] - lengths[i]);
  return {
    values: Float64Array.from(order, (i) => lengths[i]),
    along: (index) => rows[order[index]].map((x) => x / (lengths[order[index]] || 1)),
    across: (index) => rotations[order[index]].slice(),
  };
}

/** (x, y) becomes (c x - s y, s x + c y). */
function rotate(x: Float64Array, y: Float64Array, c: number, s: number): void {
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i], y[i]];
    x[i] = c * a - s * b;
    y[i] = s * a + c * b;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
