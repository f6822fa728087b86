import type { TypedArray } from "./dtype.ts";
import { PondusError } from "./errors.ts";

/** What a run reads or changes: a parameter, which is told by its identity and named in messages. */
interface Changeable {
  readonly name: string;
}

/**
 * A run of a program that was asked for and is not over. It computes with what its parameters were when it was asked for,
 * and those that it changes are neither read nor written before it is over.
 */
export interface PendingRun<P extends Changeable = Changeable> {
  readonly changes: ReadonlySet<P>;
  /** Parameters that it reads and does not change. */
  readonly reads: ReadonlySet<P>;
  /** What was asked for, of those that were written before the run began. */
  kept?: Map<P, TypedArray>;
  begun: boolean;
}

/** In the order in which they were asked for, and run. */
export const pendingRuns = new Set<PendingRun>();

/** @throws `parameter.busy` when a run that was asked for changes the parameter */
export function refuseWhileChanged(parameter: Changeable, doing: "reading" | "writing"): void {
  for (const run of pendingRuns) {
    if (!run.changes.has(parameter)) continue;
    throw new PondusError(
      "parameter.busy",
      `parameter ${parameter.name} is being changed by a run; await the run before ${doing} it.`,
    );
  }
}

/** Before a parameter is written: runs that wait and read it get what it is now. */
export function keepForRuns(parameter: Changeable, current: () => TypedArray): void {
  for (const run of pendingRuns) {
    if (run.begun || !run.reads.has(parameter)) continue;
    run.kept ??= new Map();
    if (!run.kept.has(parameter)) run.kept.set(parameter, current().slice());
  }
}
