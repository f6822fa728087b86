import type { Special } from "../special.ts";

/** Largest entries whose squares, and sums of up to 2^31 of them, neither overflow nor vanish; and what brings others there. */
const ranges = {
  float32: { far: 2 ** 45, down: 2 ** -81, up: 2 ** 90 },
  float64: { far: 2 ** 480, down: 2 ** -600, up: 2 ** 600 },
} as const;

/**
 * A power of two that brings numbers into the range where they can be squared: 1 where they are in it. Multiplying by it rounds
 * nothing, and no gradient flows through it.
 *
 * @param largest  the size of the largest of them, float32 or float64
 */
export function intoSquareRange<T extends Special<T>>(largest: T): T {
  const { dtype } = largest;
  const { far, down, up } = ranges[dtype as "float32" | "float64"];
  const [large, small] = [largest.gt(far), largest.lt(1 / far)];
  return large.cast(dtype).mul(down).add(small.cast(dtype).mul(up)).add(large.or(small).not().cast(dtype));
}
