import type { Parameter } from "../../graph/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Checkpoint, TrainingRecord } from "./checkpoint.ts";
import type { Failure } from "./retrace.ts";

/** Why a training ended. "converged": nothing is left to do; "stalled": no way on was found, see the warning. */
export type Stopped = "finished" | "early" | "converged" | "stalled" | "interrupted";

/**
 * What takes the steps of a training: the optimizers of `fit` make one, least squares is another. `runTraining` drives
 * them and does all the rest: records, validation, early stopping, checkpoints, progress, abort.
 */
export interface Stepper {
  /** The function that the user called, for errors. */
  readonly name: string;
  /** All that a step changes, but the count of steps, by the names that it has in checkpoints. */
  readonly named: ReadonlyMap<string, Parameter>;
  /** Those among them that are the model's, learned or averaged, not state of the optimizer. */
  readonly trained: ReadonlyMap<string, Parameter>;
  /** The loss, where a step reports it at the weights that it found; undefined where at those that it left. */
  readonly lossToJudge: Tensor | undefined;
  /** How many numbers are trained. */
  readonly knobs: number;
  /** How many numbers the loss compares with, where that is known. */
  readonly observations: number | undefined;
  /** Whether a step can raise the loss. */
  readonly canDiverge: boolean;
  load(): Promise<unknown>;
  /** Called once, before the first step, when the parameters hold the values that the training begins or goes on with. */
  begin(resume: Checkpoint | undefined): Promise<Start>;
  /** Takes `count` steps, or fewer: the last of those ended the training. */
  run(count: number): Promise<StepResult | { readonly failure: Failure }>;
  /** A diagnosis of a training that went wrong: undefined where it went well. */
  warning(of: {
    readonly stopped: Stopped;
    readonly firstLoss: number | undefined;
    readonly history: readonly TrainingRecord[];
  }): string | undefined;
}

/** What is known before the first step. */
export interface Start {
  /** The loss at the starting values, where it is known: the history begins with it. */
  readonly loss?: number;
  readonly ended?: "converged" | "stalled";
  readonly gradientEquivalents?: number;
}

export interface StepResult {
  /** The last step's loss. */
  readonly loss: number;
  /** How many steps were taken. */
  readonly taken: number;
  /** Spent in them. */
  readonly seconds: number;
  /** Whether they left the weights as they were, so that there is nothing to record. */
  readonly refused?: boolean;
  readonly ended?: "converged" | "stalled";
  /** What the training cost so far, where the optimizer counts it. */
  readonly gradientEquivalents?: number;
}
