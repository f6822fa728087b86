import type { Parameter } from "../../graph/parameter.ts";
import { type Checkpoint, capture, load, restore, type SavedTensor, save, type TrainingRecord } from "./checkpoint.ts";

/** Remembers the weights that were best on validation, and says when to wait for better ones no longer. */
export interface EarlyStopping {
  /** The step after which validation was best. */
  readonly bestStep: number | undefined;
  /** Looks at the newest record, whose weights are the present ones. */
  see(record: TrainingRecord): void;
  /** Whether so many records came without improvement that the patience is at its end. */
  isOver(history: readonly TrainingRecord[]): boolean;
  /** Gives back the best weights, where there is a patience and a best; else does nothing. Returns whether it did. */
  restore(): boolean;
  /** Its part of a checkpoint. */
  saved(): { readonly tensors: Readonly<Record<string, SavedTensor>>; readonly best: Checkpoint["best"] };
}

/** @param trained  what is restored, by the names that it has in checkpoints */
export function earlyStopping(
  patience: number = Number.POSITIVE_INFINITY,
  trained: ReadonlyMap<string, Parameter>,
  resume?: Checkpoint,
): EarlyStopping {
  let best = resume?.best && { ...resume.best, weights: load(trained, resume, "best/") };
  return {
    get bestStep() {
      return best?.step;
    },
    see({ step, validation }) {
      if (validation === undefined || !(validation < (best?.validation ?? Number.POSITIVE_INFINITY))) return;
      best = { step, validation, weights: capture(trained.values()) };
    },
    isOver: (history) => history.filter(({ step }) => step > (best?.step ?? 0)).length >= patience,
    restore() {
      if (!best || patience === Number.POSITIVE_INFINITY) return false;
      restore(best.weights);
      return true;
    },
    saved: () => ({
      tensors: best ? save(trained, "best/", best.weights) : {},
      best: best && { step: best.step, validation: best.validation },
    }),
  };
}
