import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { top } from "./floats/double-length.ts";
import { nearest, polynomial, withSign } from "./floats/float-bits.ts";
import { splitPositive } from "./logarithm.ts";

/** x^(1/3) = P(x), 1/2 <= x <= 2, to 12 bits (test/fixtures/special_coefficients.py). */
export const cubeRootSeries = [
  0.4486203920455075, 0.9029298065214761, -0.5127016994467467, 0.19075954189873479, -0.02938587637893775,
];

/** The root of m 2^j with |x| = m 2^(3k + j), by Halley's rule twice; the second time from a number whose square is exact. */
export function cbrt(b: Builder, x: Value): Value {
  const size = b.op("abs", x);
  const { e, m } = splitPositive(b, size);
  const { k } = nearest(b, e, 1 / 3);
  const j = b.op("fma", k, b.like(x, -3), e);
  const [below, above] = [b.op("lt", j, b.like(x, 0)), b.op("lt", b.like(x, 0), j)];
  const byPower = (least: number, most: number) =>
    b.select(below, b.like(x, least), b.select(above, b.like(x, most), b.like(x, 1)));
  const number = b.op("mul", m, byPower(0.5, 2));
  const guess = b.op("mul", polynomial(b, m, cubeRootSeries), byPower(Math.cbrt(0.5), Math.cbrt(2)));
  const cube = b.op("mul", b.op("mul", guess, guess), guess);
  const twice = (v: Value) => b.op("add", v, v);
  const ratio = b.op("div", b.op("add", cube, twice(number)), b.op("add", twice(cube), number));
  const t = top(b, b.op("mul", guess, ratio));
  const r = b.op("div", number, b.op("mul", t, t));
  const root = b.op("fma", t, b.op("div", b.op("sub", r, t), b.op("add", twice(t), r)), t);
  const plain = b.op("and", b.op("lt", b.like(x, 0), size), b.op("lt", size, b.like(x, Number.POSITIVE_INFINITY)));
  return withSign(b, b.select(plain, b.op("scale", root, k), size), x);
}
