import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { addSmaller, type Double } from "./floats/double-length.ts";
import { isSingle, layoutOf, minusAbs, nearest, polynomial, powerOfTwo, withSign } from "./floats/float-bits.ts";
import { coefficientsFor } from "./floats/minimax.ts";

/**
 * Transcendental functions are written in the loop language, so that every backend computes the same: these, and those of
 * logarithm.ts, sine.ts, power.ts and erf.ts. Errors are one or two units in the last place; test/compiler/special.test.ts measures them.
 */

/** ln 2 in two parts, of which the first has trailing zero bits so that k times it is exact. */
export const ln2 = { single: [0.693359375, -2.1219444e-4], double: [0.6931471803691238, 1.9082149292705877e-10] };

export const ln2For = (x: Value) => (isSingle(x) ? ln2.single : ln2.double);

/** x = k ln 2 + r with |r| <= ln(2)/2. In `shifted`, k + `plus` stands in the lowest bits. */
function reduce(b: Builder, x: Value, plus = 0): { k: Value; r: Value; shifted: Value } {
  const [high, low] = ln2For(x);
  const { k, shifted } = nearest(b, x, Math.LOG2E, plus);
  return { k, shifted, r: b.op("fma", k, b.like(x, -low), b.op("fma", k, b.like(x, -high), x)) };
}

function atLeast(b: Builder, x: Value, low: number): Value {
  return b.op("maximum", x, b.like(x, low));
}

function atMost(b: Builder, x: Value, high: number): Value {
  return b.op("minimum", x, b.like(x, high));
}

/** Where exp is below half of the smallest subnormal number, and where it overflows. */
const limits = (x: Value) => (isSingle(x) ? { low: -104, high: 89 } : { low: -746, high: 710 });

export function exp(b: Builder, x: Value): Value {
  return expUpTo(b, atMost(b, x, limits(x).high));
}

/** f(x), and 0 where it `vanishes`: there nothing is computed, since processors take ten times as long over what underflows. */
export function unlessZero(b: Builder, vanishes: Value, x: Value, f: (x: Value) => Value): Value {
  const zero = b.like(x, 0);
  return b.select(vanishes, zero, f(b.select(vanishes, zero, x)));
}

/** exp(x) where that does not overflow by far. */
function expUpTo(b: Builder, x: Value): Value {
  return unlessZero(b, b.op("lt", x, b.like(x, limits(x).low)), x, (z) => {
    const { k, r } = reduce(b, z);
    return b.op("scale", expNear(b, r), k);
  });
}

/** exp(r) for |r| <= ln(2)/2. */
export function expNear(b: Builder, r: Value): Value {
  return b.op("fma", polynomial(b, r, [1, ...coefficientsFor(r).exp]), r, b.like(r, 1));
}

/** exp(x) / 2 for x >= 0; it overflows later than exp(x). */
export function halfExp(b: Builder, x: Value): Value {
  const { k, r } = reduce(b, atMost(b, x, limits(x).high + 2));
  return b.op("scale", expNear(b, r), b.op("sub", k, b.like(x, 1)));
}

/** 2^x; exact for whole x. */
export function exp2(b: Builder, x: Value): Value {
  const { low, high } = limits(x);
  const vanishes = b.op("lt", x, b.like(x, Math.floor(low * Math.LOG2E)));
  return unlessZero(b, vanishes, x, (z) => {
    const bounded = atMost(b, z, Math.ceil(high * Math.LOG2E));
    const { k } = nearest(b, bounded, 1);
    const r = b.op("mul", b.op("sub", bounded, k), b.like(x, Math.LN2));
    return b.op("scale", expNear(b, r), k);
  });
}

/** exp(high + low) = 2^k m, where m, near 1, comes in two parts of which the second is small. */
export function expOfDouble(b: Builder, [high, low]: Double): { m: Double; k: Value } {
  const bounds = limits(high);
  const z = atMost(b, atLeast(b, high, bounds.low), bounds.high);
  const [ln2High, ln2Low] = ln2For(z);
  const { k } = nearest(b, z, Math.LOG2E);
  const within = b.select(b.op("eq", z, high), low, b.like(z, 0));
  const near = b.op("fma", k, b.like(z, -ln2High), z);
  const [r, rest] = addSmaller(b, near, b.op("fma", k, b.like(z, -ln2Low), within));
  const [sum, less] = addSmaller(b, b.like(z, 1), r);
  const square = b.op("mul", b.op("mul", r, r), polynomial(b, r, coefficientsFor(z).exp));
  return { m: [sum, b.op("add", less, b.op("add", rest, square))], k };
}

/** exp(x) - 1, exact near 0: twice 2^(k-1) (1 + p) - 1/2, since 2^k itself overflows before the result does. */
export function expm1(b: Builder, x: Value): Value {
  const { bias } = layoutOf(x);
  const bounded = atMost(b, atLeast(b, x, isSingle(x) ? -18 : -40), limits(x).high);
  const { r, shifted } = reduce(b, bounded, bias - 1);
  const p = b.op("fma", b.op("mul", r, r), polynomial(b, r, coefficientsFor(x).exp), r);
  const scale = powerOfTwo(b, shifted);
  const half = b.op("fma", p, scale, b.op("sub", scale, b.like(x, 0.5)));
  // Half of a subnormal number loses a bit, and a zero its sign.
  const tiny = b.op("lt", b.op("abs", x), b.like(x, isSingle(x) ? 2 ** -60 : 2 ** -200));
  return b.select(tiny, x, b.op("add", half, half));
}

/**
 * tanh x = n / d with n = (1 - exp(-2 |x|)) / 2 and d = 1 - n, each rounded for itself, and the argument's sign. With |x| = w - k ln(2)/2 that is
 * n = (1 - 2^k) / 2 + 2^k v, where v = (1 - exp(-2 w)) / 2 = w + w^2 T(w). One part of ln 2 is enough, since
 * what it lacks counts 2^k k times.
 */
export function tanh(b: Builder, x: Value): Value {
  // From there on 1 - tanh x is below half of 1's last place.
  const size = atMost(b, b.op("abs", x), isSingle(x) ? 10 : 20);
  const { k, shifted } = nearest(b, size, -2 * Math.LOG2E, layoutOf(x).bias);
  const w = b.op("fma", k, b.like(x, Math.LN2 / 2), size);
  const series = coefficientsFor(x).exp.map((q, i) => q * (-2) ** (i + 1));
  const v = b.op("fma", b.op("mul", w, w), polynomial(b, w, series), w);
  const scale = powerOfTwo(b, shifted);
  const part = b.op("mul", scale, v);
  const exact = b.op("fma", scale, b.like(x, -0.5), b.like(x, 0.5));
  const d = b.op("sub", b.op("sub", b.like(x, 1), exact), part);
  return withSign(b, b.op("div", b.op("add", exact, part), d), x);
}

/** exp(-|x|). */
export function expOfMinusAbs(b: Builder, x: Value): Value {
  return expUpTo(b, minusAbs(b, x));
}

/** 1 / (1 + exp(-x)), as e / (1 + e) with e = exp(-|x|) on the left, where the result may be subnormal. */
export function sigmoid(b: Builder, x: Value): Value {
  const one = b.like(x, 1);
  const e = expOfMinusAbs(b, x);
  return b.op("div", b.select(b.op("lt", x, b.like(x, 0)), e, one), b.op("add", e, one));
}
