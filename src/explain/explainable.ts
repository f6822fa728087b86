import type { Layer } from "../nn/layer.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What there is to explain of something that was trained. */
export interface Explainable {
  /** The network that was learned, and inputs like those that it sees: samples along the first axis. */
  readonly network: Layer;
  readonly inputs: Tensor;
  /** What it is, where it is not all that was trained; in a sentence or two. */
  readonly about?: string;
  readonly inputNames?: readonly string[];
  readonly outputNames?: readonly string[];
  /** What was made small in the mean square, in the model's parameters. */
  readonly residuals?: Tensor;
  /** The learned rate along the learned path, in the data's own units: what a readable law is distilled from. */
  readonly rates?: RateSamples;
  /** Weights and functions of an ensemble: one network a member, all on the same inputs. */
  readonly ensemble?: EnsembleSamples;
}

export interface RateSamples {
  /** The name of the time. */
  readonly time: string;
  /** One value for each sample. */
  readonly states: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** For each state its rate of change, one value for each sample. */
  readonly rates: readonly (readonly number[])[];
  /** The classical fit to compare with, e.g. r and K of the logistic law by least squares. */
  readonly reference?: Readonly<Record<string, number>>;
}

export interface EnsembleSamples {
  readonly members: number;
  readonly weights: readonly Float64Array[];
  readonly outputs: readonly Float64Array[];
}

/** How far a part of the work is. */
export interface ExplainProgress {
  readonly part: string;
  readonly step: number;
  readonly steps: number;
  readonly secondsLeft: number;
}
