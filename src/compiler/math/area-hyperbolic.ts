import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { addAny, type Double } from "./floats/double-length.ts";
import { withSign } from "./floats/float-bits.ts";
import { logInParts } from "./precise-logarithm.ts";

/** From here on 1 counts nothing beside x^2. */
const large = 2 ** 30;

/** The logarithm of a number, or log(2 x) where x is large. */
function logOf(b: Builder, [high, low]: Double, x: Value): Value {
  const isLarge = b.op("lt", b.like(x, large), x);
  const pick = (yes: Value, no: Value) => b.select(isLarge, yes, no);
  const zero = b.like(x, 0);
  const [log, rest] = logInParts(b, [pick(x, high), pick(zero, low)]);
  const [sum, lost] = addAny(b, log, pick(b.like(x, Math.LN2), zero));
  const y = b.op("add", sum, b.op("add", lost, rest));
  return b.select(b.op("lt", x, b.like(x, Number.POSITIVE_INFINITY)), y, x);
}

/** 1 + x + y as a sum of two. */
function onePlus(b: Builder, x: Value, y: Value): Double {
  const [sum, lost] = addAny(b, x, y);
  const [high, low] = addAny(b, b.like(x, 1), sum);
  return [high, b.op("add", low, lost)];
}

/** log(a + sqrt(1 + a^2)) with a = |x|; the root is 1 + a^2 / (1 + the root). */
export function asinh(b: Builder, x: Value): Value {
  const one = b.like(x, 1);
  const a = b.op("abs", x);
  const square = b.op("mul", a, a);
  const root = b.op("sqrt", b.op("add", one, square));
  const number = onePlus(b, a, b.op("div", square, b.op("add", one, root)));
  return withSign(b, logOf(b, number, a), x);
}

/** log(x + sqrt(x^2 - 1)). */
export function acosh(b: Builder, x: Value): Value {
  const one = b.like(x, 1);
  const root = b.op("sqrt", b.op("mul", b.op("sub", x, one), b.op("add", x, one)));
  return b.select(b.op("lt", x, one), b.like(x, Number.NaN), logOf(b, addAny(b, x, root), x));
}

/** log(1 + 2 a + 2 a^2 / (1 - a)) / 2 with a = |x|. */
export function atanh(b: Builder, x: Value): Value {
  const one = b.like(x, 1);
  const a = b.op("abs", x);
  const twice = b.op("add", a, a);
  const [log, rest] = logInParts(b, onePlus(b, twice, b.op("div", b.op("mul", twice, a), b.op("sub", one, a))));
  const y = b.op("mul", b.op("add", log, rest), b.like(x, 0.5));
  const end = b.select(b.op("eq", a, one), b.like(x, Number.POSITIVE_INFINITY), b.like(x, Number.NaN));
  return withSign(b, b.select(b.op("lt", a, one), y, end), x);
}
