import type { Builder } from "./builder.ts";
import { exp } from "./exponential.ts";
import { log } from "./logarithm.ts";
import type { Value } from "./loop.ts";

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
