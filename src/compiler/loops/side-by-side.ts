import type { Machine, Step } from "../ir/loop.ts";
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
): Step<K>[] {
  const isApart = (loop: Repeat<K>) =>
    loop.independent && loop.length > 1 && workOfSteps([loop], workOf) >= worthSharing;
  const mark = (list: readonly Step<K>[]): Step<K>[] => list.map(markOne);
  const markOne = (step: Step<K>): Step<K> => {
    if (step.kind === "launch") return step;
    if (step.kind === "branch") return { ...step, yes: mark(step.yes), no: mark(step.no) };
    if (step.kind === "while") return { ...step, test: mark(step.test), body: mark(step.body) };
    return isApart(step) ? { ...step, apart: true } : { ...step, body: mark(step.body) };
  };
  const pays = threads > 1 && steps.some(isInAnyOrder) && workOfSteps(steps, workOf) >= aloneBelow;
  return pays ? mark(steps) : [...steps];
}

/** Whether it is, or has in it, a loop whose turns may go in any order. */
function isInAnyOrder<K>(step: Step<K>): boolean {
  if (step.kind === "launch") return false;
  if (step.kind === "branch") return step.yes.some(isInAnyOrder) || step.no.some(isInAnyOrder);
  if (step.kind === "while") return step.test.some(isInAnyOrder) || step.body.some(isInAnyOrder);
  return (step.independent && step.length > 1) || step.body.some(isInAnyOrder);
}
