import type { DType, NumberArray } from "pondus";

/** How far two backends may differ, relative to the larger of the value and the array's largest value. */
export const tolerances: { readonly [D in DType]: number } = { float32: 1e-5, float64: 1e-12, int32: 0, bool: 0 };

/** The largest finite magnitude. Sums that cancel are exact only to this scale. */
function scaleOf(values: ArrayLike<number>): number {
  let scale = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) scale = Math.max(scale, Math.abs(values[i]));
  }
  return scale;
}

/**
 * Where `got` differs from `wanted`, in words; undefined when they agree. NaN agrees with NaN, infinity with itself.
 *
 * @param least  the scale of an array whose values are smaller still, for those that should cancel to 0
 */
export function difference(
  got: Pick<NumberArray, "data" | "dtype">,
  wanted: ArrayLike<number>,
  tolerance = tolerances[got.dtype],
  least = 0,
): string | undefined {
  if (got.data.length !== wanted.length) return `${got.data.length} numbers came, ${wanted.length} were expected`;
  const allowed = tolerance * Math.max(scaleOf(wanted), least);
  for (let i = 0; i < wanted.length; i++) {
    const [g, w] = [got.data[i], wanted[i]];
    const same = Number.isNaN(w) ? Number.isNaN(g) : g === w || Math.abs(g - w) <= allowed;
    if (!same) return `entry ${i} is ${g}, expected ${w} (off by ${Math.abs(g - w)}, allowed ${allowed})`;
  }
  return undefined;
}
