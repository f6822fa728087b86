import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { polynomial, signBit, withSign } from "./floats/float-bits.ts";

/** atan t = t + t^3 P(t^2), 0 <= t <= 1 (test/fixtures/special_coefficients.py). */
export const arctangentSeries = [
  -0.333333333333333, 0.19999999999992205, -0.14285714285136764, 0.11111111089455417, -0.09090908602718492,
  0.07692300396725753, -0.06666589714918274, 0.05881754733632628, -0.05259621558585377, 0.0474563009631303,
  -0.04288450182734915, 0.03825743086693452, -0.03287138857994741, 0.026274602538980393, -0.018751908601432225,
  0.011436995161125722, -0.005690747798739464, 0.0021892473549305356, -0.0006053825255507673, 0.00010642523073082827,
  -8.896636502950533e-6,
];

/** What pi/2 and pi lack in a float64. */
const rest = { half: 6.123233995736766e-17, whole: 1.2246467991473532e-16 };

/**
 * The angle of (x, y), from -pi to pi, with C's rules for zeros and infinities. It is the angle of the ratio of the smaller to
 * the larger, to which comes the multiple of pi/2 that lies between.
 */
export function atan2(b: Builder, y: Value, x: Value): Value {
  const zero = b.like(x, 0);
  const [width, height] = [b.op("abs", x), b.op("abs", y)];
  const [small, large] = [b.op("minimum", width, height), b.op("maximum", width, height)];
  // Two infinities make 45 degrees, and two zeros none.
  const ratio = b.select(b.op("eq", small, large), b.like(x, 1), b.op("div", small, large));
  const t = b.select(b.op("eq", small, zero), zero, ratio);
  const t2 = b.op("mul", t, t);
  const angle = b.op("fma", b.op("mul", t, t2), polynomial(b, t2, arctangentSeries), t);
  const steep = b.op("lt", width, height);
  const left = signBit(b, x);
  const signed = b.select(steep, b.select(left, angle, b.op("neg", angle)), b.select(left, b.op("neg", angle), angle));
  const add = (upright: number, backward: number) =>
    b.select(steep, b.like(x, upright), b.select(left, b.like(x, backward), zero));
  const sum = b.op("add", add(Math.PI / 2, Math.PI), b.op("add", signed, add(rest.half, rest.whole)));
  return withSign(b, sum, y);
}

export function atan(b: Builder, x: Value): Value {
  return atan2(b, x, b.like(x, 1));
}
