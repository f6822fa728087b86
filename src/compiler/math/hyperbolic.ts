import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { halfExp } from "./exponential.ts";
import { polynomial, withSign } from "./floats/float-bits.ts";

/** sinh t = t + t^3 P(t^2), 0 <= t <= 1 (test/fixtures/special_coefficients.py). */
export const sinhSeries = [
  0.16666666666666669, 0.00833333333333314, 0.00019841269841436342, 2.755731915569715e-6, 2.5052123348475298e-8,
  1.6057243814043404e-10, 7.75921709091662e-13,
];

/** exp |x| / 2 and exp(-|x|) / 2; the first overflows where sinh and cosh do. */
function halves(b: Builder, x: Value): [Value, Value] {
  const grows = halfExp(b, b.op("abs", x));
  return [grows, b.op("div", b.like(x, 0.25), grows)];
}

export function sinh(b: Builder, x: Value): Value {
  const x2 = b.op("mul", x, x);
  const near = b.op("fma", b.op("mul", x, x2), polynomial(b, x2, sinhSeries), x);
  const far = b.op("sub", ...halves(b, x));
  return b.select(b.op("lt", b.op("abs", x), b.like(x, 1)), near, withSign(b, far, x));
}

export function cosh(b: Builder, x: Value): Value {
  return b.op("add", ...halves(b, x));
}
