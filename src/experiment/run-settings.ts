import type { BackendName } from "../backends/backend.ts";

/** What `--optimizer` chooses from. */
export const optimizerNames = ["adam", "lbfgs", "newton", "natural", "lm"] as const;
export type OptimizerName = (typeof optimizerNames)[number];

/** With which settings a page is trained. */
export interface Settings {
  /** Of the initial weights and of all randomness. */
  readonly seed: number;
  /** One of the page's `laws`. */
  readonly law?: string;
  /** How many networks are trained at once, where it is more than one. */
  readonly ensemble?: number;
  /** The page's short form; see `System.quick`. */
  readonly quick?: boolean;
  /** One of the page's `optimizers`. */
  readonly optimizer?: OptimizerName;
  readonly steps: number;
  readonly learningRate: number;
  /** Ends every fit that has a validation loss after so many records without a better one, at its best weights. */
  readonly patience?: number;
  /** What the programs run on; "auto" for the fastest that works. */
  readonly backend?: BackendName | "auto";
}

/** What a model is built for, beside its data and its optimizer. */
export type Chosen = Pick<Settings, "law" | "ensemble">;
