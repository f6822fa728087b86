import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { polynomial } from "./floats/float-bits.ts";
import { coefficientsFor } from "./floats/minimax.ts";
import { round } from "./rounding.ts";

/** sin(pi x) and cos(pi x) but for a sign that they share: x is taken from the nearest whole number, exactly. */
export function sinCosPi(b: Builder, x: Value): { sin: Value; cos: Value } {
  const r = b.op("sub", x, round(b, x));
  const size = b.op("abs", r);
  const steep = b.op("lt", b.like(x, 0.25), size);
  const t = b.op("mul", b.select(steep, b.op("sub", b.like(x, 0.5), size), size), b.like(x, Math.PI));
  const t2 = b.op("mul", t, t);
  const { sin, cos } = coefficientsFor(x);
  const odd = b.op("fma", b.op("mul", t, t2), polynomial(b, t2, sin), t);
  const even = b.op("fma", polynomial(b, t2, [-0.5, ...cos]), t2, b.like(x, 1));
  const height = b.select(steep, even, odd);
  return { sin: b.select(b.op("lt", r, b.like(x, 0)), b.op("neg", height), height), cos: b.select(steep, odd, even) };
}
