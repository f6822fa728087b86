import type { TrainingRecord } from "../optim/training/checkpoint.ts";
import type { Judgement } from "../optim/training/validation.ts";
import type { FitRecord } from "./session.ts";

/** What a fit came to, as run.json says it. */
export interface FitSummary extends Partial<Judgement> {
  readonly stopped: FitRecord["stopped"];
  readonly steps: number;
  /** The last step's own loss; `train`, `validation` and `gap` are of the weights that the last record found. */
  readonly loss: number;
  /** The record whose validation was lowest. */
  readonly best?: Judgement & { readonly step: number };
  /** Whether the fit ended with the best weights rather than the last. */
  readonly restored?: boolean;
  /** How many numbers were trained, and with how many numbers the loss compares; unknown while the fit runs. */
  readonly knobs?: number;
  readonly observations?: number;
  readonly knobsPerDatum?: number;
  readonly warning?: string;
}

/** Every fit of a run, in the order in which they were made. */
export function summarizeFits(fits: ReadonlyMap<string, FitRecord>): Record<string, FitSummary> {
  return Object.fromEntries([...fits].map(([name, record]) => [name, summarize(record)]));
}

function summarize({ stopped, checkpoint, restored, knobs, observations, warning }: FitRecord): FitSummary {
  const { step, loss, history, best } = checkpoint;
  const found = best && history.find((record) => record.step === best.step);
  return {
    stopped,
    steps: step,
    loss,
    ...judgementOf(history.at(-1)),
    ...(found && { best: { step: found.step, ...(judgementOf(found) as Judgement) } }),
    restored,
    warning,
    knobs,
    observations,
    ...(knobs !== undefined && observations !== undefined && { knobsPerDatum: knobs / observations }),
  };
}

/** A record's judgement, if it has one: what is not finite has become null in a file. */
export function judgementOf(record: TrainingRecord | undefined): Judgement | undefined {
  const { train, validation, gap } = record ?? {};
  return [train, validation, gap].every(Number.isFinite) ? ({ train, validation, gap } as Judgement) : undefined;
}
