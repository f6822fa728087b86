import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { expOfDouble, unlessZero } from "./exponential.ts";
import { product } from "./floats/double-length.ts";
import { layoutOf, nearest, polynomial, powerOfTwo, withSign } from "./floats/float-bits.ts";
import { coefficientsFor } from "./floats/minimax.ts";

/**
 * What is left of a bell beyond |x|: erfc t with t = |x| / sqrt(2 spread), which is 0 from `last` on. In exp(-t^2) the square has
 * twice a float's length, for it is as large as 700 where erfc ends.
 */
function tailBeyond(b: Builder, x: Value, spread: 0.5 | 1): Value {
  const { tail, last } = coefficientsFor(x);
  const root = Math.sqrt(2 * spread);
  const whole = b.op("abs", x);
  return unlessZero(b, b.op("lt", b.like(x, last * root), whole), whole, (size) => {
    const t = spread === 0.5 ? size : b.op("mul", size, b.like(x, Math.SQRT1_2));
    const q = b.op("div", t, b.op("add", t, b.like(x, 3)));
    const series = b.op("mul", q, polynomial(b, b.op("fma", q, b.like(x, 2), b.like(x, -1)), tail));
    const half = b.like(x, -0.5 / spread);
    const [square, rest] = product(b, size, size);
    const {
      m: [m, small],
      k,
    } = expOfDouble(b, [b.op("mul", square, half), b.op("mul", rest, half)]);
    const bell = b.op("add", m, b.op("fma", m, series, b.op("fma", small, series, small)));
    return b.op("scale", b.op("div", bell, b.op("fma", size, b.like(x, 2 / root), b.like(x, 1))), k);
  });
}

/** 1 - erf x, which keeps its accuracy to the right, where it is small. */
export function erfc(b: Builder, x: Value): Value {
  const tail = tailBeyond(b, x, 0.5);
  return b.select(b.op("lt", x, b.like(x, 0)), b.op("sub", b.like(x, 2), tail), tail);
}

/** (1 + erf(x / sqrt 2)) / 2, which keeps its accuracy to the left, where it is small. */
export function normalCdf(b: Builder, x: Value): Value {
  const tail = b.op("mul", tailBeyond(b, x, 1), b.like(x, 0.5));
  return b.select(b.op("lt", b.like(x, 0), x), b.op("sub", b.like(x, 1), tail), tail);
}

/** The error function: x + x P(x^2) up to 1, and 1 - 2^(a P(a)), a = |x|, from there on. */
export function erf(b: Builder, x: Value): Value {
  const { erf, erfc, power, end } = coefficientsFor(x);
  const near = b.op("fma", x, polynomial(b, b.op("mul", x, x), erf), x);
  const size = b.op("abs", x);
  const a = b.op("minimum", size, b.like(x, end));
  const z = b.op("mul", a, polynomial(b, a, erfc));
  const { k, shifted } = nearest(b, z, 1, layoutOf(x).bias);
  const far = b.op(
    "fma",
    polynomial(
      b,
      b.op("sub", z, k),
      power.map((c) => -c),
    ),
    powerOfTwo(b, shifted),
    b.like(x, 1),
  );
  return b.select(b.op("le", size, b.like(x, 1)), near, withSign(b, far, x));
}
