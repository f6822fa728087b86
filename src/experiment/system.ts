import type { Explainable } from "../explain/explainable.ts";
import type { Table } from "../io/csv.ts";
import type { NetworkOptions } from "../ledger/network.ts";
import type { Model } from "../nn/model.ts";
import type { LeastSquaresOptions, LeastSquaresResult } from "../optim/least-squares/least-squares.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { FitOptions } from "../optim/training/fit.ts";
import type { FitResult } from "../optim/training/loop.ts";
import type { NumberArray } from "../runtime/array.ts";
import type { Tensors } from "../tensor/control.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { MetricTable } from "./metric-table.ts";
import type { Metrics } from "./metrics.ts";
import type { Drawing } from "./report/plot.ts";
import type { Chosen, OptimizerName, Settings } from "./run-settings.ts";

/**
 * A worked system: data, model, training, metrics and plots on one page. The pages in this folder and a user's own file
 * are the same kind of thing.
 *
 * @typeParam M  the model: a layer, a tensor made of parameters, or a record of such
 * @typeParam D  the data
 */
export interface System<M extends Model = Model, D = undefined> {
  /** One word: what the command line calls it. */
  readonly name: string;
  readonly title: string;
  /** One sentence: what is learned, from what. */
  readonly summary: string;
  /** The data that the page brings along, with their source. */
  readonly data?: D;
  /** Reads a user's own measurements in place of `data`. */
  read?(table: Table, columns: Columns): D;
  /**
   * Reads a user's own text in its place: a file that is named neither .csv nor .tsv, and of which no columns are named.
   *
   * @param name  what errors call the file
   */
  readText?(text: string, name: string): D;
  /** What `--steps` and `--rate` change. */
  readonly settings?: { readonly steps?: number; readonly learningRate?: number };
  /**
   * That the page can be looked at before its whole training is worth the wait: `--quick` takes these settings in place of
   * the others, and `session.quick` lets the page leave out seeds or networks. Its figures are not those of the whole.
   */
  readonly quick?: { readonly steps?: number; readonly learningRate?: number };
  /** What `--optimizer` may choose, each with the steps that it takes at most; the first is the page's own choice. */
  readonly optimizers?: { readonly [O in OptimizerName]?: { readonly steps: number } };
  /**
   * What `--law` may choose, each with the optimizer and the rate that train it unless others are asked for (default: the
   * first of `optimizers`, and that of `settings`); the first is the page's own choice.
   */
  readonly laws?: Readonly<Record<string, { readonly optimizer?: OptimizerName; readonly learningRate?: number }>>;
  /** That `--ensemble` may train many networks at once, with other settings than one where it says so. */
  readonly ensemble?: { readonly steps?: number };
  /**
   * Builds the model: its knobs are drawn afterwards, from the seed. Second-order optimizers want it in float64.
   *
   * @param chosen  of `laws`, and the members of an ensemble
   */
  model(data: D, optimizer?: OptimizerName, chosen?: Chosen): M;
  /** What goes into the model and how it is applied, where it is no layer: `pondus weigh` asks. */
  network?(model: M): NetworkOptions;
  /** Trains it, and says what came out. */
  train(session: Session<M, D>): Promise<Outcome> | Outcome;
  /** What the trained model says of new inputs: each a list of numbers, as given on the command line. */
  predict?(trained: Trained<M, D>, inputs: readonly (readonly number[])[]): Promise<Prediction> | Prediction;
  /** In its place, where inputs may be words: each as it was typed. */
  answer?(trained: Trained<M, D>, inputs: readonly string[]): Promise<Answer> | Answer;
  /**
   * What there is to explain of the trained model (`pondus explain`). Without it that is `network`, on inputs drawn from the
   * standard normal distribution.
   */
  explain?(trained: Trained<M, D>): Promise<Explainable> | Explainable;
}

/** Which columns of a user's table are the time and the state, as far as they were named. */
export interface Columns {
  readonly time?: string;
  readonly state?: readonly string[];
}

export interface Outcome {
  readonly metrics: Metrics;
  readonly plots?: readonly Drawing[];
  /** Which metrics are better read side by side. */
  readonly tables?: readonly MetricTable[];
  /** What the model wrote. */
  readonly samples?: readonly Sample[];
}

/** A piece of text with what it is. */
export interface Sample {
  readonly title: string;
  readonly text: string;
}

/** Columns of equal length, by their headings. */
export type Prediction = Readonly<Record<string, ArrayLike<number>>>;

/** The same with words in some columns. */
export type Answer = Readonly<Record<string, ArrayLike<number> | readonly string[]>>;

/** A trained model, and what was chosen of what its page offers. */
export interface Trained<M extends Model = Model, D = undefined> extends Chosen {
  readonly model: M;
  readonly data: D;
  readonly metrics: Metrics;
  /** The values of expressions at the present weights. */
  evaluate<T extends Tensors>(expressions: T): Promise<{ [K in keyof T]: NumberArray }>;
}

/** What a page trains with. */
export interface Session<M extends Model = Model, D = undefined>
  extends Omit<Trained<M, D>, "metrics">,
    Pick<Settings, "seed" | "steps" | "learningRate" | "optimizer"> {
  /** Whether the page's short form was asked for; see `System.quick`. */
  readonly quick: boolean;
  /** Draws every knob of the model afresh from the seed, as at the start. */
  restart(): void;
  /**
   * Trains by `optim.fit`. Progress, Ctrl-C and resuming come with it: a resumed run skips the fits that were finished,
   * restoring their weights, and continues the interrupted one where it stood.
   *
   * @param name  what the progress line and the files call it; once per run
   */
  fit(name: string, options: SessionFit): Promise<FitResult>;
  /** The same by `optim.leastSquares`, for laws and small networks in float64. */
  leastSquares(name: string, options: SessionLeastSquares): Promise<LeastSquaresResult>;
  /** Makes the mean square of residuals small, by whichever of the page's `optimizers` was chosen. */
  minimize(name: string, problem: LeastSquaresProblem): Promise<FitResult | LeastSquaresResult>;
}

type Governed = "steps" | "seed" | "backend" | "signal" | "onProgress" | "resume";
/** As `optim.fit` takes them; `steps` is the session's unless given. */
export type SessionFit = Omit<FitOptions, Governed> & { readonly steps?: number };
export type SessionLeastSquares = Omit<LeastSquaresOptions, Exclude<Governed, "steps">>;

/** A sum of squares to be made small, by whichever optimizer was chosen. */
export interface LeastSquaresProblem extends Pick<SessionLeastSquares, "observations" | "validation"> {
  /** Any shape; the loss is their mean square. */
  readonly residuals: Tensor;
  /** What "adam" is on this page. */
  readonly adam: () => Optimizer;
  /** How strongly "lm" holds its first step back. */
  readonly damping?: number;
}

/** Any system, whatever its model and data. */
export type AnySystem = System<Model, unknown>;

/** Defines a system; the identity, which lets the compiler infer and check the types. */
export function defineSystem<M extends Model, D = undefined>(system: System<M, D>): System<M, D> {
  return system;
}
