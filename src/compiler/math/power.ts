import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { expOfDouble, ln2For } from "./exponential.ts";
import { addSmaller, type Double, top } from "./floats/double-length.ts";
import { polynomial } from "./floats/float-bits.ts";
import { coefficientsFor } from "./floats/minimax.ts";
import { splitPositive } from "./logarithm.ts";

/**
 * x^y = exp(y log |x|) with 11 bits more than a float has in the logarithm and in the product (as in Sun's fdlibm), for these
 * are as large as 700 when a result is finite, and with C's rules for signs.
 */
export function pow(b: Builder, x: Value, y: Value): Value {
  const [zero, one] = [b.like(x, 0), b.like(x, 1)];
  const infinity = b.like(x, Number.POSITIVE_INFINITY);
  const a = b.op("abs", x);
  const [high, low] = times(b, bounded(b, y), logarithm(b, a));
  // 0, infinity and NaN have no logarithm to compute with.
  const endless = b.op("mul", y, b.select(b.op("eq", a, zero), b.like(x, Number.NEGATIVE_INFINITY), a));
  const finite = b.op("and", b.op("lt", zero, a), b.op("lt", a, infinity));
  const { m, k } = expOfDouble(b, [b.select(finite, high, endless), low]);
  // What is added last is small, so that a power that is a float comes out as that.
  const size = b.op("scale", b.op("add", ...m), k);

  const whole = b.op("eq", y, b.op("floor", y));
  const half = b.op("mul", y, b.like(x, 0.5));
  const odd = b.op("and", whole, b.op("ne", half, b.op("floor", half)));
  const signed = b.select(odd, b.op("neg", size), size);
  const real = b.op("or", b.op("or", whole, b.op("eq", a, infinity)), b.op("eq", x, zero));
  const negative = b.select(real, signed, b.like(x, Number.NaN));
  // One over a negative zero is negative, too.
  const below = b.op("or", b.op("lt", x, zero), b.op("lt", b.op("div", one, x), zero));
  const result = b.select(below, negative, size);
  const unit = b.op("and", b.op("eq", a, one), b.op("eq", b.op("abs", y), infinity));
  const trivial = b.op("or", b.op("or", b.op("eq", y, zero), b.op("eq", x, one)), unit);
  return b.select(trivial, one, result);
}

/** y within the exponents that matter: a larger one takes every number but 1 beyond all others. */
function bounded(b: Builder, y: Value): Value {
  const most = y.type === "float32" ? 2 ** 33 : 2 ** 66;
  return b.op("maximum", b.op("minimum", y, b.like(y, most)), b.like(y, -most));
}

/**
 * log x for positive finite x, whose high part has half of a float's bits: e ln 2 + log m with s = (m - 1) / (m + 1) and
 * log m = 2/3 s (3 + s^2 + s^4 A(s^2)). Every high part is cut so that products of two are exact.
 */
function logarithm(b: Builder, x: Value): Double {
  const op = b.op.bind(b);
  const { e, m } = splitPositive(b, x);
  const one = b.like(x, 1);
  const f = op("sub", m, one);
  const divisor = op("add", m, one);
  const divisorHigh = top(b, divisor);
  const divisorLow = op("sub", m, op("sub", divisorHigh, one));
  const s = op("div", f, divisor);
  const sHigh = top(b, s);
  const left = op("sub", op("sub", f, op("mul", sHigh, divisorHigh)), op("mul", sHigh, divisorLow));
  const sLow = op("div", left, divisor);

  const square = op("mul", sHigh, sHigh);
  const v = op("mul", s, s);
  const series = op("mul", op("mul", v, v), polynomial(b, v, coefficientsFor(x).atanh));
  const rest = op("add", series, op("mul", sLow, op("add", sHigh, s)));
  const three = b.like(x, 3);
  const factorHigh = top(b, op("add", op("add", three, square), rest));
  const factorLow = op("sub", rest, op("sub", op("sub", factorHigh, three), square));

  const exact = op("mul", sHigh, factorHigh);
  const inexact = op("add", op("mul", sLow, factorHigh), op("mul", factorLow, s));
  const high = top(b, op("add", exact, inexact));
  const low = op("sub", inexact, op("sub", high, exact));
  const [third, thirdLow] = x.type === "float32" ? twoThirds.single : twoThirds.double;
  const logHigh = op("mul", high, b.like(x, third));
  const logLow = op("add", op("mul", high, b.like(x, thirdLow)), op("mul", low, b.like(x, 2 / 3)));

  const [ln2High, ln2Low] = ln2For(x);
  const power = op("mul", e, b.like(x, ln2High));
  const less = op("add", logLow, op("mul", e, b.like(x, ln2Low)));
  const sum = top(b, op("add", op("add", logHigh, less), power));
  return [sum, op("sub", less, op("sub", op("sub", sum, power), logHigh))];
}

/** 2/3 in two parts, of which the first has half of a float's bits. */
const twoThirds = {
  single: [0.66650390625, 1.6276041666666666e-4],
  double: [0.6666666567325592, 9.934107462565104e-9],
};

/** y times a number whose high part has half of a float's bits. */
function times(b: Builder, y: Value, [high, low]: Double): Double {
  const yHigh = top(b, y);
  const exact = b.op("mul", yHigh, high);
  const rest = b.op("add", b.op("mul", b.op("sub", y, yHigh), high), b.op("mul", y, low));
  return addSmaller(b, exact, rest);
}
