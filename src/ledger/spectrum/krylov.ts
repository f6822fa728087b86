/** A symmetric matrix that is known by its products alone. */
export interface Operator {
  readonly size: number;
  /** The relative rounding of a product: 2^-52 or 2^-23. */
  readonly rounding: number;
  apply(vector: Float64Array): Promise<ArrayLike<number>>;
}

/** What some steps found: V'AV = T, tridiagonal, and how far A's image of the last vector sticks out of the span. */
export interface Krylov {
  /** Orthonormal, each [size]. */
  readonly vectors: readonly Float64Array[];
  readonly diagonal: readonly number[];
  readonly beside: readonly number[];
  readonly rest: number;
  /** The vectors' span is mapped into itself: more steps would find nothing more from this start. */
  readonly exhausted: boolean;
}

/**
 * Lanczos' recurrence (J. Res. Natl. Bur. Stand. 45, 255, 1950) with full reorthogonalisation, done twice, which is enough
 * (Giraud, Langou & Rozloznik, Comput. Math. Appl. 50, 1069, 2005): the vectors stay orthogonal to rounding, so that
 * no eigenvalue is found twice.
 *
 * @param start   any vector but zero
 * @param goOn    asked before each step; false ends it early
 */
export async function krylov(
  operator: Operator,
  start: Float64Array,
  steps: number,
  goOn: (done: number) => Promise<boolean>,
): Promise<Krylov> {
  const vectors: Float64Array[] = [];
  const [diagonal, beside]: number[][] = [[], []];
  let next = scaled(start, 1 / norm(start));
  let [rest, scale, exhausted] = [0, 0, false];
  while (vectors.length < steps && !exhausted && (await goOn(vectors.length))) {
    if (vectors.length > 0) beside.push(rest);
    vectors.push(next);
    const w = Float64Array.from(await operator.apply(next));
    diagonal.push(dot(w, next));
    for (let twice = 0; twice < 2; twice++) for (const v of vectors) subtract(w, v, dot(w, v));
    rest = norm(w);
    scale = Math.max(scale, Math.abs(diagonal[diagonal.length - 1]) + rest);
    // So little is left that it is the product's rounding.
    exhausted = rest <= 16 * operator.rounding * scale;
    next = scaled(w, 1 / rest);
  }
  return { vectors, diagonal, beside, rest, exhausted: exhausted && vectors.length < operator.size };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

const norm = (a: Float64Array) => Math.sqrt(dot(a, a));
const scaled = (a: Float64Array, by: number) => a.map((x) => x * by);

function subtract(from: Float64Array, v: Float64Array, times: number): void {
  for (let i = 0; i < v.length; i++) from[i] -= times * v[i];
}
