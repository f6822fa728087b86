import type { Builder } from "./builder.ts";
import { layoutOf, nearest, polynomial, powerOfTwo, withSign } from "./float-bits.ts";
import type { Value } from "./loop.ts";
import { coefficientsFor } from "./minimax.ts";

/** The error function: x + x P(x^2) up to 1, and 1 - 2^(a P(a)), a = |x|, from there on. */
export function erf(b: Builder, x: Value): Value {
  const { erf, erfc, power, end } = coefficientsFor(x);
  const near = b.op("fma", x, polynomial(b, b.op("mul", x, x), erf), x);
  const size = b.op("abs", x);
  const a = b.op("min", size, b.like(x, end));
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
