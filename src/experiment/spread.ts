/** The mean; of no values NaN. */
export const meanOf = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Mean and standard deviation, which of one value is 0. */
export function spreadOf(values: readonly number[]): { mean: number; spread: number } {
  const mean = meanOf(values);
  const squares = values.map((x) => (x - mean) ** 2);
  return { mean, spread: Math.sqrt(squares.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length - 1)) };
}
