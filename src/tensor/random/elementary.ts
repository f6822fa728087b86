import { type Tensor, where } from "../tensor.ts";

/**
 * Elementary functions of float tensors, from sums, products, quotients, comparisons and floors alone. IEEE 754 leaves one
 * result for each of these, so that what is drawn has the same bits on every backend; `x.log()` and its like use fused
 * multiply-adds where a machine has them, and agree to units in the last place. The series are Taylor's, with as many
 * terms as the type needs on the reduced range.
 */

const isSingle = (x: Tensor) => x.dtype === "float32";

/** c[0] + c[1] x + c[2] x^2 + ... */
function polynomial(x: Tensor, coefficients: readonly number[]): Tensor {
  const [last, ...rest] = [...coefficients].reverse();
  const [first, ...others] = rest;
  return others.reduce((sum, c) => sum.mul(x).add(c), x.mul(last).add(first));
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

/** The natural logarithm of 2^`scale` x, for x in (2^-31, 1] in float32, and (2^-63, 1] in float64. */
export function log(x: Tensor, scale = 0): Tensor {
  let m = x;
  let exponent = x.mul(0).add(scale);
  const shift = (below: number, by: number) => {
    const small = m.lt(below);
    m = where(small, m.mul(2 ** by), m);
    exponent = exponent.sub(small.cast(x.dtype).mul(by));
  };
  // From 2^-63 or 2^-31 up to [1/2, 1], then to [sqrt(1/2), sqrt(2)).
  for (let by = isSingle(x) ? 16 : 32; by >= 1; by /= 2) shift(2 ** -by, by);
  shift(Math.SQRT1_2, 1);
  // log m = 2 atanh(s) with |s| < 0.172.
  const s = m.sub(1).div(m.add(1));
  const series = range(isSingle(x) ? 5 : 11).map((n) => 2 / (2 * n + 1));
  return s.mul(polynomial(s.mul(s), series)).add(exponent.mul(Math.LN2));
}

/** exp(x) for x <= 0. */
export function expOfNegative(x: Tensor): Tensor {
  const single = isSingle(x);
  const within = x.maximum(single ? -110 : -750);
  const k = within.mul(Math.LOG2E).add(0.5).floor();
  // ln 2 in two parts, of which the first has so few digits that k times it is exact.
  const [high, low] = single ? [0.693359375, -2.1219444005469057e-4] : [0.6931471803691238, 1.9082149292705877e-10];
  const r = within.sub(k.mul(high)).sub(k.mul(low));
  let y = polynomial(
    r,
    range(single ? 9 : 16).map((n) => 1 / factorial(n)),
  );
  let left = k.neg();
  for (let by = single ? 128 : 1024; by >= 1; by /= 2) {
    const much = left.ge(by);
    const factor = 2 ** -Math.min(by, 512);
    const once = y.mul(factor);
    y = where(much, by > 512 ? once.mul(factor) : once, y);
    left = left.sub(much.cast(x.dtype).mul(by));
  }
  return y;
}

/** Cosine and sine of 2 pi u, for u in [0, 1). */
export function cosSin(u: Tensor): [Tensor, Tensor] {
  const single = isSingle(u);
  // The next quarter, and what is left to it: within 1/8, and exact.
  const quarter = u.mul(4).add(0.5).floor();
  const x = u.sub(quarter.mul(0.25)).mul(2 * Math.PI);
  const x2 = x.mul(x);
  const series = (first: number) => range(single ? 6 : 9).map((n) => (n % 2 === 0 ? 1 : -1) / factorial(2 * n + first));
  const cos = polynomial(x2, series(0));
  const sin = x.mul(polynomial(x2, series(1)));
  const [first, half, third] = [1, 2, 3].map((q) => quarter.eq(q));
  const swapped = first.or(third);
  const [c, s] = [where(swapped, sin, cos), where(swapped, cos, sin)];
  return [where(first.or(half), c.neg(), c), where(half.or(third), s.neg(), s)];
}
