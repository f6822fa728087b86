import { PondusError } from "../graph/errors.ts";
import type { EnsembleSamples } from "./explainable.ts";

export interface EnsembleSpread {
  readonly members: number;
  /**
   * Standard deviation over members, root mean square over all entries, in units of their size: of the knobs their root mean
   * square, of the function that of its changes from input to input.
   */
  readonly weights: number;
  readonly functions: number;
  /** How many times as far the weights are apart as the functions. */
  readonly ratio: number;
  /** Cosine between the knobs of two members, the mean over pairs: 1 where they are one point, 0 where nothing is shared. */
  readonly cosine: number;
}

/**
 * How far members of an ensemble are apart as points in the space of knobs, and as functions.
 *
 * @throws `explain.ensemble` when there are fewer than two members, or they differ in length
 */
export function ensembleSpread({ weights, outputs }: Pick<EnsembleSamples, "weights" | "outputs">): EnsembleSpread {
  const members = weights.length;
  const lengths = (list: readonly Float64Array[]) => new Set(list.map((x) => x.length)).size;
  if (members < 2 || outputs.length !== members || lengths(weights) !== 1 || lengths(outputs) !== 1) {
    throw new PondusError(
      "explain.ensemble",
      `explain: an ensemble is two or more members of equal length, but ${members} lists of weights and ${outputs.length} ` +
        "of outputs came.",
    );
  }
  const inWeights = deviation(weights) / (size(weights) || 1);
  const inFunctions = deviation(outputs) / (changes(outputs) || size(outputs) || 1);
  return {
    members,
    weights: inWeights,
    functions: inFunctions,
    ratio: inWeights / inFunctions,
    cosine: meanCosine(weights),
  };
}

/** Root mean square over entries of the standard deviation over members (with members - 1). */
function deviation(lists: readonly Float64Array[]): number {
  const [first] = lists;
  let sum = 0;
  for (let i = 0; i < first.length; i++) {
    const mean = lists.reduce((s, x) => s + x[i], 0) / lists.length;
    sum += lists.reduce((s, x) => s + (x[i] - mean) ** 2, 0) / (lists.length - 1);
  }
  return Math.sqrt(sum / first.length);
}

function size(lists: readonly Float64Array[]): number {
  const squares = lists.reduce((sum, x) => sum + dot(x, x), 0);
  return Math.sqrt(squares / (lists.length * lists[0].length));
}

/** Root mean square of the members' mean about its own mean. */
function changes(lists: readonly Float64Array[]): number {
  const mean = lists[0].map((_, i) => lists.reduce((s, x) => s + x[i], 0) / lists.length);
  const middle = mean.reduce((s, x) => s + x, 0) / mean.length;
  return Math.sqrt(mean.reduce((s, x) => s + (x - middle) ** 2, 0) / mean.length);
}

function meanCosine(lists: readonly Float64Array[]): number {
  const norms = lists.map((x) => Math.sqrt(dot(x, x)) || 1);
  let [sum, pairs] = [0, 0];
  for (let i = 0; i < lists.length; i++) {
    for (let j = 0; j < i; j++, pairs++) sum += dot(lists[i], lists[j]) / (norms[i] * norms[j]);
  }
  return sum / pairs;
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);
