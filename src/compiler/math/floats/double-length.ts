import type { Builder } from "../../ir/builder.ts";
import type { Value } from "../../ir/loop.ts";
import { bitsOf, floatOf, isSingle, wholeType } from "./float-bits.ts";

/**
 * Numbers of twice the length (Dekker 1971): the sum of two floats of which the second is below the first's last place. A
 * product of halves is exact, so that nothing here depends on whether `fma` rounds once.
 */
export type Double = readonly [high: Value, low: Value];

/** x with the lower half of its bits cleared. */
export function top(b: Builder, x: Value): Value {
  const cleared = b.constant(wholeType(x), x.lanes, isSingle(x) ? -(2 ** 12) : -(2 ** 27));
  return floatOf(b, b.op("and", bitsOf(b, x), cleared), x);
}

/** a + c where |a| >= |c|, or a is 0. */
export function addSmaller(b: Builder, a: Value, c: Value): Double {
  const sum = b.op("add", a, c);
  return [sum, b.op("add", b.op("sub", a, sum), c)];
}

/** a + c, whichever is larger (Knuth). */
export function addAny(b: Builder, a: Value, c: Value): Double {
  const sum = b.op("add", a, c);
  const second = b.op("sub", sum, a);
  return [sum, b.op("add", b.op("sub", a, b.op("sub", sum, second)), b.op("sub", c, second))];
}

/** The product of two floats. */
export function product(b: Builder, x: Value, y: Value): Double {
  const [xh, yh] = [top(b, x), top(b, y)];
  const [xl, yl] = [b.op("sub", x, xh), b.op("sub", y, yh)];
  const high = b.op("mul", x, y);
  const mul = (p: Value, q: Value) => b.op("mul", p, q);
  const cross = b.op("add", b.op("add", b.op("sub", mul(xh, yh), high), mul(xh, yl)), mul(xl, yh));
  return [high, b.op("add", cross, mul(xl, yl))];
}

/** The product of two double-length numbers, rounded to a few units of the last place of its low part. */
export function multiply(b: Builder, [xh, xl]: Double, [yh, yl]: Double): Double {
  const [high, rest] = product(b, xh, yh);
  const cross = b.op("add", b.op("mul", xh, yl), b.op("mul", xl, yh));
  return addSmaller(b, high, b.op("add", rest, cross));
}
