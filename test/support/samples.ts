import { expect } from "vitest";

/** Statistics of samples. Seeds are fixed, so that what these expect holds in every run or in none. */

export const mean = (x: readonly number[]) => x.reduce((s, v) => s + v, 0) / x.length;
const product = (x: readonly number[], y: readonly number[]) => mean(x.map((v, i) => v * y[i]));
const centred = (x: readonly number[]) => {
  const m = mean(x);
  return x.map((v) => v - m);
};
export const moment = (x: readonly number[], n: number) => mean(centred(x).map((v) => v ** n));
export const correlation = (x: readonly number[], y: readonly number[]) =>
  product(centred(x), centred(y)) / Math.sqrt(moment(x, 2) * moment(y, 2));

/** Kolmogorov and Smirnov's sqrt(n) D; above 1.95 in one of a thousand honest samples. */
export function distance(samples: readonly number[], cumulative: (x: number) => number): number {
  const n = samples.length;
  const sorted = [...samples].sort((a, b) => a - b);
  const gaps = sorted.map((x, i) => Math.max((i + 1) / n - cumulative(x), cumulative(x) - i / n));
  return Math.sqrt(n) * Math.max(...gaps);
}

/** Pearson's chi-square of counts against what is expected, as a normal deviate (Wilson & Hilferty 1931). */
export function chiSquareDeviate(counts: readonly number[], expected: readonly number[]): number {
  const square = counts.reduce((sum, c, i) => sum + (c - expected[i]) ** 2 / expected[i], 0);
  const freedom = counts.length - 1;
  const spread = 2 / (9 * freedom);
  return ((square / freedom) ** (1 / 3) - (1 - spread)) / Math.sqrt(spread);
}

/** What is known of a distribution: quantiles at equal steps of probability, and moments (kurtosis beyond 3). */
export interface Known {
  readonly mean: number;
  readonly variance: number;
  readonly kurtosis: number;
  readonly quantiles: readonly number[];
}

/** Mean and variance within five standard deviations; chi-square and Kolmogorov-Smirnov over the quantiles. */
export function expectDistribution(x: readonly number[], known: Known): void {
  const n = x.length;
  const parts = known.quantiles.length + 1;
  expect(Math.abs(mean(x) - known.mean)).toBeLessThan(5 * Math.sqrt(known.variance / n));
  expect(Math.abs(moment(x, 2) - known.variance)).toBeLessThan(
    5 * known.variance * Math.sqrt((known.kurtosis + 2) / n),
  );
  const counts = new Array<number>(parts).fill(0);
  for (const v of x) counts[partOf(v, known.quantiles)]++;
  expect(Math.abs(chiSquareDeviate(counts, new Array(parts).fill(n / parts)))).toBeLessThan(4);
  let below = 0;
  const gaps = counts.map((c, i) => {
    below += c;
    return Math.abs(below / n - (i + 1) / parts);
  });
  expect(Math.sqrt(n) * Math.max(...gaps)).toBeLessThan(1.95);
}

function partOf(x: number, edges: readonly number[]): number {
  const above = edges.findIndex((edge) => x < edge);
  return above < 0 ? edges.length : above;
}
