/** Distance between neighbouring numbers of a format at `y`; in the subnormal range, the smallest number there is. */
export function ulp(y: number, dtype: "float32" | "float64"): number {
  const { digits, least } = dtype === "float64" ? { digits: 52, least: -1074 } : { digits: 23, least: -149 };
  if (y === 0) return 2 ** least;
  let exponent = Math.floor(Math.log2(Math.abs(y)));
  if (2 ** exponent > Math.abs(y)) exponent--;
  return 2 ** Math.max(exponent - digits, least);
}

/** Error in units of the last place; 0 when both are NaN or the same infinity, Infinity when only one is. */
export function ulpError(got: number, truth: number, dtype: "float32" | "float64"): number {
  if (Object.is(got, truth) || got === truth) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(truth)) return Infinity;
  return Math.abs(got - truth) / ulp(truth, dtype);
}
