import type { Builder } from "../../ir/builder.ts";
import type { Value } from "../../ir/loop.ts";

/** Steps that functions of floats are made of: bits, signs, whole numbers and polynomials. */

export const isSingle = (x: Value) => x.type === "float32";

/** The whole number as wide as a float. */
export const wholeType = (x: Value) => (isSingle(x) ? "int32" : "int64");

/** Bits of the fraction, and what is added to a power of two's exponent. */
export const layoutOf = (x: Value) => (isSingle(x) ? { fraction: 23, bias: 127 } : { fraction: 52, bias: 1023 });

export function bitsOf(b: Builder, x: Value): Value {
  return b.as("bits", wholeType(x), x.lanes, x);
}

/** The float of some bits, as wide as `like`. */
export function floatOf(b: Builder, bits: Value, like: Value): Value {
  return b.as("bits", like.type, like.lanes, bits);
}

/** The float of a whole number from 0 that is as wide, and below 2^52. */
export function wholeOf(b: Builder, n: Value, like: Value): Value {
  if (isSingle(like)) return b.convert(n, "float32");
  // A whole number in the lowest bits of 2^52 is added to it.
  const large = b.like(like, 2 ** 52);
  return b.op("sub", floatOf(b, b.op("or", n, bitsOf(b, large)), like), large);
}

/** `y`, which is not negative, with the sign of `x`. */
export function withSign(b: Builder, y: Value, x: Value): Value {
  const sign = b.op("and", bitsOf(b, x), bitsOf(b, b.like(x, -0)));
  return floatOf(b, b.op("or", bitsOf(b, y), sign), x);
}

/** Whether x is negative, or a negative zero. */
export function signBit(b: Builder, x: Value): Value {
  return b.op("lt", bitsOf(b, x), b.constant(wholeType(x), x.lanes, 0));
}

/** -|x|. */
export function minusAbs(b: Builder, x: Value): Value {
  return floatOf(b, b.op("or", bitsOf(b, x), bitsOf(b, b.like(x, -0))), x);
}

/** The sign of a zero argument survives. */
export function keepZero(b: Builder, x: Value, y: Value): Value {
  return b.select(b.op("eq", x, b.like(x, 0)), x, y);
}

/** Up to so many coefficients, processors find enough else to do while one step of a chain waits for the last. */
const oneChain = 7;

/**
 * c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule, or in two chains of half the length, of even and of odd powers, which cost
 * one product more. (Two chains are 1.2 times as fast with twenty coefficients, and 0.92 with seven.)
 */
export function polynomial(b: Builder, x: Value, c: readonly number[]): Value {
  if (c.length <= oneChain) return horner(b, x, c);
  const square = b.op("mul", x, x);
  const [even, odd] = [0, 1].map((parity) => c.filter((_, i) => i % 2 === parity));
  return b.op("fma", horner(b, square, odd), x, horner(b, square, even));
}

function horner(b: Builder, x: Value, c: readonly number[]): Value {
  let sum = b.like(x, c[c.length - 1]);
  for (let i = c.length - 2; i >= 0; i--) sum = b.op("fma", sum, x, b.like(x, c[i]));
  return sum;
}

/**
 * k, the whole number nearest to x times `factor`, which is below 2^22 (2^51): adding a large number rounds the fraction
 * away. In `shifted`, the sum, k + `plus` stands in the lowest bits.
 */
export function nearest(b: Builder, x: Value, factor: number, plus = 0): { k: Value; shifted: Value } {
  const large = b.like(x, 1.5 * 2 ** layoutOf(x).fraction + plus);
  const shifted = b.op("fma", x, b.like(x, factor), large);
  return { k: b.op("sub", shifted, large), shifted };
}

/** 2^k, a normal number, where k and the exponent's bias stand in the lowest bits. */
export function powerOfTwo(b: Builder, shifted: Value): Value {
  const count = b.constant(wholeType(shifted), shifted.lanes, layoutOf(shifted).fraction);
  return floatOf(b, b.op("shl", bitsOf(b, shifted), count), shifted);
}
