import type { Machine, Step } from "../ir/loop.ts";
import { bodiesOf, withBodies } from "../ir/steps.ts";
import { workOfSteps, worthSharing } from "./parallel.ts";

type Repeat<K> = Extract<Step<K>, { kind: "repeat" }>;

/**
 * Marks the loops whose turns threads run side by side: of those whose turns may go in any order the outermost with enough
 * to do, where the program is run by several threads at all.
 *
 * @param workOf  instructions in a run of a kernel: asked for only where there are such loops, as it takes time to say
 */
export function sideBySide<K>(
  steps: readonly Step<K>[],
  { threads = 1, aloneBelow = 0 }: Machine,
  workOf: (kernel: K) => number,
): readonly Step<K>[] {
  const isApart = (loop: Repeat<K>) =>
    loop.independent && loop.length > 1 && workOfSteps([loop], workOf) >= worthSharing;
  const mark = (list: readonly Step<K>[]): Step<K>[] => list.map(markOne);
  const markOne = (step: Step<K>): Step<K> => {
    if (step.kind === "launch") return step;
    return step.kind === "repeat" && isApart(step) ? { ...step, apart: true } : withBodies(step, mark);
  };
  const pays = threads > 1 && steps.some(isInAnyOrder) && workOfSteps(steps, workOf) >= aloneBelow;
  return pays ? mark(steps) : steps;
}

/** Whether it is, or has in it, a loop whose turns may go in any order. */
function isInAnyOrder<K>(step: Step<K>): boolean {
  if (step.kind === "launch") return false;
  if (step.kind === "repeat" && step.independent && step.length > 1) return true;
  return bodiesOf(step).some((body) => body.some(isInAnyOrder));
}
