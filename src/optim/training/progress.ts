import type { Checkpoint, TrainingRecord } from "./checkpoint.ts";

export interface Progress {
  /** Steps taken. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** As of the last record, with the gap between the training's loss and it. */
  readonly validation?: number;
  readonly gap?: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
  /** A copy of the present state, made when asked for. */
  checkpoint(): Checkpoint;
}

/** What there is to tell of a training that goes on; having `ended` it goes no further, however many steps it might take. */
export function progressOf(
  now: Pick<Progress, "step" | "steps" | "loss" | "stepsPerSecond" | "checkpoint">,
  history: readonly TrainingRecord[],
  ended: boolean,
): Progress {
  const { step, steps, stepsPerSecond } = now;
  const { validation, gap } = history.at(-1) ?? {};
  return {
    ...now,
    steps: ended ? step : steps,
    validation,
    gap,
    secondsLeft: ended ? 0 : (steps - step) / stepsPerSecond,
  };
}
