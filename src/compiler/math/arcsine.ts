import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { top } from "./floats/double-length.ts";
import { polynomial, withSign } from "./floats/float-bits.ts";

/** asin t = t + t^3 P(t^2), 0 <= t <= 1/2 (test/fixtures/special_coefficients.py). */
export const arcsineSeries = [
  0.16666666666666738, 0.07499999999975182, 0.04464285717122315, 0.030381942845453494, 0.022372211608270524,
  0.01735166597680817, 0.013980236735411137, 0.011403274270163853, 0.010757712647452658, 0.003785522707023935,
  0.02152738629970655, -0.02075934969915093, 0.03248690888410006,
];

const halfPiRest = 6.123233995736766e-17;

/** Up to 1/2, t = |x|; from there on t = sqrt((1 - |x|) / 2), since asin x = pi/2 - 2 asin t. Both with asin t - t. */
function reduce(b: Builder, x: Value): { near: Value; t: Value; square: Value; more: Value } {
  const size = b.op("abs", x);
  const near = b.op("le", size, b.like(x, 0.5));
  const half = b.op("mul", b.op("sub", b.like(x, 1), size), b.like(x, 0.5));
  const square = b.select(near, b.op("mul", x, x), half);
  const t = b.select(near, size, b.op("sqrt", half));
  return { near, t, square, more: b.op("mul", b.op("mul", t, square), polynomial(b, square, arcsineSeries)) };
}

export function asin(b: Builder, x: Value): Value {
  const { near, t, square, more } = reduce(b, x);
  // A root is t = high + low, where the square of high is exact.
  const high = top(b, t);
  const sum = b.op("add", t, high);
  const low = b.op("div", b.op("sub", square, b.op("mul", high, high)), sum);
  const rest = b.op("add", b.select(b.op("eq", sum, b.like(x, 0)), sum, low), more);
  const twice = (v: Value) => b.op("add", v, v);
  const far = b.op(
    "sub",
    b.op("sub", b.like(x, Math.PI / 2), twice(high)),
    b.op("sub", twice(rest), b.like(x, halfPiRest)),
  );
  return withSign(b, b.select(near, b.op("add", t, more), far), x);
}

export function acos(b: Builder, x: Value): Value {
  const { near, t, more } = reduce(b, x);
  const positive = b.op("le", b.like(x, 0), x);
  const angle = b.op("add", t, more);
  const twice = b.op("add", angle, angle);
  const far = b.select(positive, twice, b.op("sub", b.like(x, Math.PI), b.op("sub", twice, b.like(x, 2 * halfPiRest))));
  const signed = withSign(b, angle, x);
  return b.select(near, b.op("sub", b.like(x, Math.PI / 2), b.op("sub", signed, b.like(x, halfPiRest))), far);
}
