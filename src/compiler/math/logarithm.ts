import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { expOfMinusAbs, ln2For } from "./exponential.ts";
import { bitsOf, floatOf, isSingle, layoutOf, polynomial, wholeOf, wholeType } from "./floats/float-bits.ts";
import { coefficientsFor, middle } from "./floats/minimax.ts";

/** From the bits of sqrt(1/2) to those of 1. */
const fromRootToOne = { single: 0x4afb0d, double: 0x95f619980c433 };

/** x = 2^(e - less) m with m in [sqrt(1/2), sqrt(2)), for positive normal x; `less` may vary. */
function splitFloat(b: Builder, x: Value, less: Value): { e: Value; m: Value } {
  const { fraction } = layoutOf(x);
  const int = wholeType(x);
  const constant = (v: number) => b.constant(int, x.lanes, v);
  // Where the fraction is at least that of sqrt(1/2), the exponent becomes one more.
  const moved = b.op("add", bitsOf(b, x), constant(isSingle(x) ? fromRootToOne.single : fromRootToOne.double));
  const raw = b.op("shr", moved, constant(fraction));
  const root = bitsOf(b, b.like(x, Math.SQRT1_2));
  const m = floatOf(b, b.op("add", b.op("and", moved, constant(2 ** fraction - 1)), root), x);
  return { e: b.op("sub", wholeOf(b, raw, x), less), m };
}

/** log(1 + f) + e ln 2 for sqrt(1/2) <= 1 + f < sqrt(2). */
function logOfParts(b: Builder, f: Value, e: Value): Value {
  const { log } = coefficientsFor(f);
  const [high, low] = ln2For(f);
  if (isSingle(f)) {
    const rest = polynomial(b, f, [-0.5, ...log]);
    return b.op("fma", e, b.like(f, high), b.op("fma", b.op("mul", f, f), rest, b.op("fma", e, b.like(f, low), f)));
  }
  const { half, s, more } = logOfMantissa(b, f);
  const small = b.op("fma", s, more, b.op("mul", e, b.like(f, low)));
  return b.op("fma", e, b.like(f, high), b.op("sub", f, b.op("sub", half, small)));
}

/** log(1 + f) = 2 atanh(s) = f - (half - s more), in float64, where half = f^2/2: the leading term is exact. */
export function logOfMantissa(b: Builder, f: Value): { half: Value; s: Value; more: Value } {
  const s = b.op("div", f, b.op("add", f, b.like(f, 2)));
  const s2 = b.op("mul", s, s);
  const r = b.op("mul", s2, polynomial(b, s2, coefficientsFor(f).log));
  const half = b.op("mul", b.op("mul", f, f), b.like(f, 0.5));
  return { half, s, more: b.op("add", half, r) };
}

/** x = 2^e m with m in [sqrt(1/2), sqrt(2)), for positive finite x; subnormals are scaled up first. */
export function splitPositive(b: Builder, x: Value): { e: Value; m: Value } {
  const { fraction, bias } = layoutOf(x);
  const up = fraction + 1;
  const tiny = b.op("lt", x, b.like(x, 2 ** (1 - bias)));
  const less = b.select(tiny, b.like(x, bias + up), b.like(x, bias));
  return splitFloat(b, b.select(tiny, b.op("mul", x, b.like(x, 2 ** up)), x), less);
}

/** log(x) = log 2^e + log m. */
export function log(b: Builder, x: Value): Value {
  const { e, m } = splitPositive(b, x);
  const y = logOfParts(b, b.op("sub", m, b.like(x, 1)), e);
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

/** max(x, 0) + log(1 + exp(-|x|)). */
export function softplus(b: Builder, x: Value): Value {
  const e = expOfMinusAbs(b, x);
  const [mean, ...slope] = coefficientsFor(x).log1p;
  const t = b.op("sub", e, b.like(x, middle));
  const ratio = b.op("fma", polynomial(b, t, slope), t, b.like(x, mean));
  return b.op("fma", e, ratio, b.op("maximum", x, b.like(x, 0)));
}
