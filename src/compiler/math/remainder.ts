import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { top } from "./floats/double-length.ts";
import {
  bitsOf,
  floatOf,
  isSingle,
  layoutOf,
  nearest,
  powerOfTwo,
  wholeOf,
  wholeType,
  withSign,
} from "./floats/float-bits.ts";

/**
 * The remainder of a floor division, with the divisor's sign, as NumPy has it: exact, but where the signs differ the sum with
 * the divisor is rounded. Whole numbers go through float64, which is exact for them; 0 where a whole y is 0.
 */
export function mod(b: Builder, x: Value, y: Value): Value {
  if (x.type !== "int32") return floatRemainder(b, x, y);
  const [p, q] = [b.convert(x, "float64"), b.convert(y, "float64")];
  return b.convert(b.op("sub", p, b.op("mul", b.op("floor", b.op("div", p, q)), q)), "int32");
}

/** A quotient of so many bits times half of a divisor's bits is exact. */
const quotientBits = (x: Value) => (isSingle(x) ? 11 : 25);

function floatRemainder(b: Builder, x: Value, y: Value): Value {
  const quotient = b.op("div", x, y);
  const isLarge = b.op("lt", b.like(x, 2 ** quotientBits(x)), b.op("abs", quotient));
  const short = lessMultiple(b, x, b.op("floor", b.op("add", quotient, b.like(x, 0.5))), y);
  const [near] = b.rarely(isLarge, [short], () => [longDivision(b, x, y)]);
  const [zero, infinity] = [b.like(x, 0), b.like(x, Number.POSITIVE_INFINITY)];
  // What is finite is its own remainder by infinity, and infinity has none.
  const rest = b.select(b.op("eq", b.op("abs", y), infinity), b.op("add", x, b.op("sub", x, x)), near);
  const isOther = b.op("ne", b.op("lt", rest, zero), b.op("lt", y, zero));
  const inside = b.select(isOther, b.op("add", rest, y), rest);
  return b.select(b.op("eq", rest, zero), withSign(b, zero, y), inside);
}

/** x - q y, where q is the quotient rounded to a whole number of few bits: exact. */
function lessMultiple(b: Builder, x: Value, q: Value, y: Value): Value {
  const high = top(b, y);
  const rest = b.op("sub", x, b.op("mul", q, high));
  return b.op("sub", rest, b.op("mul", q, b.op("sub", y, high)));
}

/** x less the nearest multiple of y: fraction by fraction, with as many bits of the quotient at a time as are exact. */
function longDivision(b: Builder, x: Value, y: Value): Value {
  const { fraction, bias } = layoutOf(x);
  const bits = quotientBits(x);
  const [dividend, divisor] = [partsOf(b, x), partsOf(b, y)];
  const rest = b.variable(dividend.m);
  const left = b.variable(b.op("sub", dividend.e, divisor.e));
  const steps = Math.ceil((2 * bias + fraction) / bits);
  b.overTable(x, new Array(steps).fill(bits), (most) => {
    const by = b.op("minimum", left, most);
    const scaled = b.op("mul", rest, powerOfTwo(b, b.op("add", by, b.like(x, 1.5 * 2 ** fraction + bias))));
    const { k } = nearest(b, b.op("div", scaled, divisor.m), 1);
    b.assign(rest, lessMultiple(b, scaled, k, divisor.m));
    b.assign(left, b.op("sub", left, by));
  });
  const size = b.op("scale", rest, divisor.e);
  const signed = b.op("mul", size, withSign(b, b.like(x, 1), x));
  // Neither has an infinite x a remainder, nor has anything one by 0.
  return b.op("add", signed, b.op("add", b.op("sub", x, x), b.op("sub", b.op("div", y, y), b.like(x, 1))));
}

/** |x| = 2^e m with m in [1, 2), for finite x other than 0. */
function partsOf(b: Builder, x: Value): { e: Value; m: Value } {
  const { fraction, bias } = layoutOf(x);
  const size = b.op("abs", x);
  const up = fraction + 1;
  const tiny = b.op("lt", size, b.like(x, 2 ** (1 - bias)));
  const bits = bitsOf(b, b.select(tiny, b.op("mul", size, b.like(x, 2 ** up)), size));
  const int = (n: number) => b.constant(wholeType(x), x.lanes, n);
  const less = b.select(tiny, b.like(x, bias + up), b.like(x, bias));
  const e = b.op("sub", wholeOf(b, b.op("shr", bits, int(fraction)), x), less);
  return { e, m: floatOf(b, b.op("or", b.op("and", bits, int(2 ** fraction - 1)), bitsOf(b, b.like(x, 1))), x) };
}
