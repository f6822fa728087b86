import { positiveSolver } from "../../optim/least-squares/cholesky.ts";

/** A forecast of the next change from the changes so far, without a network; `at` is the next one's index. */
export type Naive = (changes: readonly number[], at: number) => number;

/** Nothing changes: the next value is the last one. */
export const persistence: Naive = () => 0;

/**
 * The value of a season ago, and the trend since: as much more as the last value was more than the one a season before
 * it. So the next change is the change of a season ago.
 */
export const seasonal =
  (season: number): Naive =>
  (changes, at) =>
    changes[at - season];

/**
 * A weighted sum of the last `window` changes and a constant, by least squares on the first `train` changes (Yule, Phil.
 * Trans. R. Soc. A 226, 267, 1927: of sunspots). Undefined where these do not determine it.
 */
export function autoregression(changes: readonly number[], window: number, train: number): Naive | undefined {
  const n = window + 1;
  const row = (all: readonly number[], at: number) => [1, ...all.slice(at - window, at)];
  const square = new Float64Array(n * n);
  const right = new Float64Array(n);
  for (let at = window; at < train; at++) {
    const x = row(changes, at);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) square[i * n + j] += x[i] * x[j];
      right[i] += x[i] * changes[at];
    }
  }
  const weights = positiveSolver(square)?.(right);
  return weights && ((all, at) => row(all, at).reduce((sum, x, i) => sum + x * weights[i], 0));
}

/** Root mean square of what a forecast is off by, over the changes from index `from` to `to`, the latter not among them. */
export function errorOf(forecast: Naive, changes: readonly number[], from: number, to = changes.length): number {
  const errors = changes.slice(from, to).map((change, i) => change - forecast(changes, from + i));
  return Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
}
