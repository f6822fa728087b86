import type { DType } from "./dtype.ts";

/** The number of a float type that is nearest to `x`. */
export function rounded(x: number, dtype: DType): number {
  return dtype === "float32" ? Math.fround(x) : x;
}

/** The first number of a float type at or beyond `x`, going up (1) or down (-1). */
export function inward(x: number, dtype: DType, direction: 1 | -1): number {
  const near = rounded(x, dtype);
  return direction * (x - near) > 0 ? beyond32(near, direction) : near;
}

/** The smallest positive number of full precision. */
export function smallestNormal(dtype: DType): number {
  return dtype === "float32" ? 2 ** -126 : 2 ** -1022;
}

/** The distance from 1 to the next number. */
export function epsilon(dtype: DType): number {
  return dtype === "float32" ? 2 ** -23 : 2 ** -52;
}

/** The float32 next to one. */
function beyond32(x: number, direction: 1 | -1): number {
  const float = new Float32Array([x === 0 ? direction * 2 ** -149 : x]);
  if (x === 0) return float[0];
  const bits = new Int32Array(float.buffer);
  // Larger bits are larger magnitudes.
  bits[0] += Math.sign(x) === direction ? 1 : -1;
  return float[0];
}
