import type { Builder } from "./builder.ts";
import { bitsOf, floatOf, isSingle, keepZero, nearest, polynomial, wholeType } from "./float-bits.ts";
import type { Value } from "./loop.ts";
import { coefficientsFor } from "./minimax.ts";

/** pi/2 in parts with trailing zero bits (Cody & Waite). */
const halfPi = {
  single: [1.5703125, 4.837512969970703e-4, 7.549789948768648e-8],
  double: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21],
};

/** sin(x + quarter pi/2). Absolute error below 1e-15 (1e-6 in float32) for |x| up to 1e5 (1e4). */
function sine(b: Builder, x: Value, quarter: 0 | 1): Value {
  const { k, shifted } = nearest(b, x, 2 / Math.PI, quarter);
  let r = x;
  for (const part of isSingle(x) ? halfPi.single : halfPi.double) r = b.op("fma", k, b.like(x, -part), r);
  const r2 = b.op("mul", r, r);
  const { sin, cos } = coefficientsFor(x);
  const odd = b.op("fma", b.op("mul", r, r2), polynomial(b, r2, sin), r);
  const even = b.op("fma", polynomial(b, r2, [-0.5, ...cos]), r2, b.like(x, 1));
  // The quadrant, k + quarter, stands in the lowest bits: 1 and 3 mod 4 take the cosine, 2 and 3 the opposite sign.
  const int = wholeType(x);
  const quadrant = bitsOf(b, shifted);
  const top = (bit: number) => b.op("shl", quadrant, b.constant(int, x.lanes, (int === "int32" ? 31 : 63) - bit));
  const y = b.select(b.op("lt", top(0), b.constant(int, x.lanes, 0)), even, odd);
  const sign = b.op("and", top(1), bitsOf(b, b.like(x, -0)));
  return floatOf(b, b.op("xor", bitsOf(b, y), sign), x);
}

export function sin(b: Builder, x: Value): Value {
  return keepZero(b, x, sine(b, x, 0));
}

export function cos(b: Builder, x: Value): Value {
  return sine(b, x, 1);
}
