import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { layoutOf, withSign } from "./floats/float-bits.ts";

/** To the nearest whole number, of two the even one: the sum with a number that has no room for a fraction. */
export function round(b: Builder, x: Value): Value {
  const size = b.op("abs", x);
  const large = b.like(x, 2 ** layoutOf(x).fraction);
  const whole = b.op("sub", b.op("add", size, large), large);
  return withSign(b, b.select(b.op("lt", size, large), whole, size), x);
}
