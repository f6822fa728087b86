import type { Builder } from "./builder.ts";
import type { Value } from "./loop.ts";

/**
 * Transcendental functions in the loop language, so that every backend computes the same. All stand on two cores,
 * exp(x) - 1 and log(x), after argument reduction; series are cut where the next term is below the last bit.
 * Errors are a few units in the last place; test/special.test.ts measures them.
 */

const isSingle = (x: Value) => x.type === "float32";

/** c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule. */
export function polynomial(b: Builder, x: Value, c: readonly number[]): Value {
  let sum = b.like(x, c[c.length - 1]);
  for (let i = c.length - 2; i >= 0; i--) sum = b.op("fma", sum, x, b.like(x, c[i]));
  return sum;
}

/** The nearest whole number, for |x| below 2^22 (2^51): adding a large number rounds the fraction away. */
function nearest(b: Builder, x: Value): Value {
  const large = b.like(x, 1.5 * 2 ** (isSingle(x) ? 23 : 52));
  return b.op("sub", b.op("add", x, large), large);
}

function inverseFactorials(from: number, to: number): number[] {
  let f = 1;
  const out: number[] = [];
  for (let n = 1; n <= to; n++) {
    f *= n;
    if (n >= from) out.push(1 / f);
  }
  return out;
}

/** ln 2 in two parts, of which the first has trailing zero bits so that k times it is exact. */
const ln2 = { single: [0.693359375, -2.1219444e-4], double: [0.6931471803691238, 1.9082149292705877e-10] };

/**
 * 2^k for whole k (as a float) within the exponent's range. Adding 1.5 times the first number whose last bit is a one
 * puts k and the exponent's bias into the low bits of the fraction, from where they are shifted to their place.
 */
function powerOfTwo(b: Builder, k: Value): Value {
  const [int, fraction, bias] = isSingle(k) ? (["int32", 23, 127] as const) : (["int64", 52, 1023] as const);
  const shifted = b.as("bits", int, k.lanes, b.op("add", k, b.like(k, bias + 1.5 * 2 ** fraction)));
  return b.as("bits", k.type, k.lanes, b.op("shl", shifted, b.constant(int, k.lanes, fraction)));
}

/** x = k ln 2 + r with |r| <= ln(2)/2; gives k and exp(r) - 1. */
function reduceExp(b: Builder, x: Value): { k: Value; p: Value } {
  const [high, low] = isSingle(x) ? ln2.single : ln2.double;
  const k = nearest(b, b.op("mul", x, b.like(x, Math.LOG2E)));
  const r = b.op("fma", k, b.like(x, -low), b.op("fma", k, b.like(x, -high), x));
  const tail = polynomial(b, r, inverseFactorials(2, isSingle(x) ? 7 : 13));
  return { k, p: b.op("fma", b.op("mul", r, r), tail, r) };
}

function clamp(b: Builder, x: Value, low: number, high: number): Value {
  return b.op("min", b.op("max", x, b.like(x, low)), b.like(x, high));
}

/** exp(x); scaled in two steps so that subnormal results and the last binade before overflow come out right. */
export function exp(b: Builder, x: Value): Value {
  const [low, high] = isSingle(x) ? [-104, 89] : [-746, 710];
  const { k, p } = reduceExp(b, clamp(b, x, low, high));
  const half = nearest(b, b.op("mul", k, b.like(x, 0.5)));
  const first = powerOfTwo(b, half);
  const y = b.op("fma", p, first, first);
  return b.op("mul", y, powerOfTwo(b, b.op("sub", k, half)));
}

/** exp(x) - 1, exact near 0. */
export function expm1(b: Builder, x: Value): Value {
  const [low, high] = isSingle(x) ? [-18, 89] : [-40, 710];
  const { k, p } = reduceExp(b, clamp(b, x, low, high));
  const half = nearest(b, b.op("mul", k, b.like(x, 0.5)));
  const [first, second] = [powerOfTwo(b, half), powerOfTwo(b, b.op("sub", k, half))];
  const scaled = b.op("fma", b.op("mul", p, first), second, b.op("sub", b.op("mul", first, second), b.like(x, 1)));
  // Where the power of two overflows, subtracting 1 first would give infinity too early.
  const large = b.op("mul", b.op("fma", p, first, first), second);
  return b.select(b.op("lt", b.like(x, 60), k), large, keepZero(b, x, scaled));
}

/** The sign of a zero argument survives. */
function keepZero(b: Builder, x: Value, y: Value): Value {
  return b.select(b.op("eq", x, b.like(x, 0)), x, y);
}

/** tanh x = -t / (t + 2) with t = exp(-2 |x|) - 1, and the argument's sign. */
export function tanh(b: Builder, x: Value): Value {
  const bound = isSingle(x) ? 18 : 40;
  const { k, p } = reduceExp(b, b.op("max", b.op("mul", b.op("abs", x), b.like(x, -2)), b.like(x, -bound)));
  const scale = powerOfTwo(b, k);
  const t = b.op("fma", p, scale, b.op("sub", scale, b.like(x, 1)));
  return withSign(b, b.op("div", b.op("sub", b.like(x, 0), t), b.op("add", t, b.like(x, 2))), x);
}

/** `y`, which is not negative, with the sign of `x`. */
export function withSign(b: Builder, y: Value, x: Value): Value {
  const int = isSingle(x) ? "int32" : "int64";
  const bits = (z: Value) => b.as("bits", int, z.lanes, z);
  return b.as("bits", x.type, x.lanes, b.op("or", bits(y), b.op("and", bits(x), bits(b.like(x, -0)))));
}

/** 1 / (1 + exp(-x)), as e / (1 + e) with e = exp(-|x|) on the left, where the result may be subnormal. */
export function sigmoid(b: Builder, x: Value): Value {
  const one = b.like(x, 1);
  const e = exp(b, b.op("neg", b.op("abs", x)));
  return b.op("div", b.select(b.op("lt", x, b.like(x, 0)), e, one), b.op("add", e, one));
}

/** max(x, 0) + log(1 + exp(-|x|)). */
export function softplus(b: Builder, x: Value): Value {
  return b.op("add", b.op("max", x, b.like(x, 0)), log1p(b, exp(b, b.op("neg", b.op("abs", x)))));
}

/** 2 atanh(s) / s - 2 as a series in s^2, |s| <= 0.1716. */
const atanhSeries = (terms: number) => Array.from({ length: terms }, (_, n) => 2 / (2 * n + 3));

/** x = 2^e m with m in [sqrt(1/2), sqrt(2)); x must be a positive normal number. */
function splitFloat(b: Builder, x: Value): { e: Value; m: Value } {
  const single = isSingle(x);
  const int = single ? "int32" : "int64";
  const constant = (v: number) => b.constant(int, x.lanes, v);
  const bits = b.as("bits", int, x.lanes, x);
  const raw = b.op("shr", bits, constant(single ? 23 : 52));
  const mask = single ? constant(0x7fffff) : constant(2 ** 52 - 1);
  const one = b.as("bits", int, x.lanes, b.like(x, 1));
  const m = b.as("bits", x.type, x.lanes, b.op("or", b.op("and", bits, mask), one));
  const e = single
    ? b.op("sub", b.convert(raw, "float32"), b.like(x, 127))
    : b.op(
        "sub",
        b.as("bits", "float64", x.lanes, b.op("or", raw, b.as("bits", int, x.lanes, b.like(x, 2 ** 52)))),
        b.like(x, 2 ** 52 + 1023),
      );
  const big = b.op("lt", b.like(x, Math.SQRT2), m);
  return {
    e: b.select(big, b.op("add", e, b.like(x, 1)), e),
    m: b.select(big, b.op("mul", m, b.like(x, 0.5)), m),
  };
}

/** log(x): log 2^e + log m, with log m = 2 atanh((m - 1) / (m + 1)); subnormals are scaled up first. */
export function log(b: Builder, x: Value): Value {
  const single = isSingle(x);
  const [smallest, up] = single ? [2 ** -126, 24] : [2 ** -1022, 54];
  const tiny = b.op("lt", x, b.like(x, smallest));
  const { e, m } = splitFloat(b, b.select(tiny, b.op("mul", x, b.like(x, 2 ** up)), x));
  const exponent = b.select(tiny, b.op("sub", e, b.like(x, up)), e);
  const f = b.op("sub", m, b.like(x, 1));
  const s = b.op("div", f, b.op("add", m, b.like(x, 1)));
  const s2 = b.op("mul", s, s);
  const r = b.op("mul", s2, polynomial(b, s2, atanhSeries(single ? 5 : 11)));
  // log m = f - (f^2/2 - s (f^2/2 + r)) keeps the leading term exact.
  const h = b.op("mul", b.op("mul", f, f), b.like(x, 0.5));
  const [high, low] = single ? ln2.single : ln2.double;
  const small = b.op("fma", s, b.op("add", h, r), b.op("mul", exponent, b.like(x, low)));
  const y = b.op("fma", exponent, b.like(x, high), b.op("sub", f, b.op("sub", h, small)));
  const zero = b.like(x, 0);
  const finite = b.select(b.op("lt", x, b.like(x, Number.POSITIVE_INFINITY)), y, x);
  const positive = b.select(b.op("eq", x, zero), b.like(x, Number.NEGATIVE_INFINITY), finite);
  return b.select(b.op("lt", x, zero), b.like(x, Number.NaN), positive);
}

/** log(1 + x), with what the sum rounds off added back. */
export function log1p(b: Builder, x: Value): Value {
  const one = b.like(x, 1);
  const u = b.op("add", one, x);
  const lost = b.op("div", b.op("sub", x, b.op("sub", u, one)), u);
  const y = b.op("add", log(b, u), lost);
  const small = b.op("eq", u, one);
  const infinite = b.op("eq", u, b.like(x, Number.POSITIVE_INFINITY));
  return b.select(
    small,
    x,
    b.select(b.op("eq", u, b.like(x, 0)), b.like(x, Number.NEGATIVE_INFINITY), b.select(infinite, u, y)),
  );
}

/** pi/2 in parts with trailing zero bits (Cody & Waite). */
const halfPi = {
  single: [1.5703125, 4.837512969970703e-4, 7.549789948768648e-8],
  double: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21],
};

/** sin(x + quarter pi/2). Absolute error below 1e-15 (1e-6 in float32) for |x| up to 1e5 (1e4). */
function sine(b: Builder, x: Value, quarter: 0 | 1): Value {
  const single = isSingle(x);
  const k = nearest(b, b.op("mul", x, b.like(x, 2 / Math.PI)));
  let r = x;
  for (const part of single ? halfPi.single : halfPi.double) r = b.op("fma", k, b.like(x, -part), r);
  const r2 = b.op("mul", r, r);
  const alternating = (list: number[], sign: number) => list.map((c, i) => (i % 2 === 0 ? sign * c : -sign * c));
  const odd = inverseFactorials(3, single ? 11 : 17).filter((_, i) => i % 2 === 0);
  const even = inverseFactorials(2, single ? 10 : 16).filter((_, i) => i % 2 === 0);
  const sin = b.op("fma", b.op("mul", r, r2), polynomial(b, r2, alternating(odd, -1)), r);
  const cos = b.op("fma", r2, polynomial(b, r2, alternating(even, -1)), b.like(x, 1));
  // The quadrant, k + quarter mod 4, as a float: 1 and 3 take the cosine, 2 and 3 the opposite sign. For whole numbers
  // floor(t / 4) is the one nearest to t / 4 - 3/8, and floor(t / 2) the one nearest to t / 2 - 1/4.
  const turn = b.op("add", k, b.like(x, quarter));
  const fours = nearest(b, b.op("fma", turn, b.like(x, 0.25), b.like(x, -0.375)));
  const twos = nearest(b, b.op("fma", turn, b.like(x, 0.5), b.like(x, -0.25)));
  const quadrant = b.op("fma", fours, b.like(x, -4), turn);
  const half = b.op("fma", twos, b.like(x, -2), turn);
  const y = b.select(b.op("eq", half, b.like(x, 1)), cos, sin);
  return b.select(b.op("le", b.like(x, 2), quadrant), b.op("neg", y), y);
}

export function sin(b: Builder, x: Value): Value {
  return keepZero(b, x, sine(b, x, 0));
}

export function cos(b: Builder, x: Value): Value {
  return sine(b, x, 1);
}

/** exp(y log x), with C's rules for signs; the relative error grows with |y log x|. */
export function pow(b: Builder, x: Value, y: Value): Value {
  const [zero, one] = [b.like(x, 0), b.like(x, 1)];
  const size = exp(b, b.op("mul", y, log(b, b.op("abs", x))));
  const whole = b.op("eq", y, b.op("floor", y));
  const half = b.op("mul", y, b.like(x, 0.5));
  const odd = b.op("and", whole, b.op("ne", half, b.op("floor", half)));
  const signed = b.select(odd, b.op("neg", size), size);
  const infinity = b.like(x, Number.POSITIVE_INFINITY);
  const endless = b.op("eq", b.op("abs", x), infinity);
  const real = b.op("or", b.op("or", whole, endless), b.op("eq", x, zero));
  const negative = b.select(real, signed, b.like(x, Number.NaN));
  // One over a negative zero is negative, too.
  const below = b.op("or", b.op("lt", x, zero), b.op("lt", b.op("div", one, x), zero));
  const result = b.select(below, negative, size);
  const unit = b.op("and", b.op("eq", b.op("abs", x), one), b.op("eq", b.op("abs", y), infinity));
  const trivial = b.op("or", b.op("or", b.op("eq", y, zero), b.op("eq", x, one)), unit);
  return b.select(trivial, one, result);
}
