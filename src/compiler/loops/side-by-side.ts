import type { Kernels } from "../ir/block.ts";
import type { Kernel } from "../ir/kernel.ts";
import type { Machine, Step } from "../ir/loop.ts";
import { childrenOf, mapSteps } from "../ir/steps.ts";
import { workOfSteps, worthSharing } from "./parallel.ts";

type Repeat = Extract<Step<Kernel>, { kind: "repeat" }>;

/**
 * Marks the loops whose iterations threads run side by side: of those whose iterations may go in any order the outermost with enough
 * to do, where the program is run by several threads at all.
 *
 * @param workOf  instructions in a run of a kernel: asked for only where there are such loops, as it takes time to say
 */
export function sideBySide(
  { steps, aliases }: Kernels,
  { threads = 1, aloneBelow = 0 }: Machine,
  workOf: (kernel: Kernel) => number,
): Kernels {
  const isApart = (loop: Repeat) => loop.independent && loop.length > 1 && workOfSteps([loop], workOf) >= worthSharing;
  const mark = (list: readonly Step<Kernel>[]): readonly Step<Kernel>[] => list.map(markOne);
  const markOne = (step: Step<Kernel>): Step<Kernel> => {
    if (step.kind === "launch") return step;
    return step.kind === "repeat" && isApart(step) ? { ...step, apart: true } : mapSteps(step, mark);
  };
  const pays = threads > 1 && steps.some(isInAnyOrder) && workOfSteps(steps, workOf) >= aloneBelow;
  return { steps: pays ? mark(steps) : steps, aliases };
}

/** Whether it is, or has in it, a loop whose iterations may go in any order. */
function isInAnyOrder(step: Step<Kernel>): boolean {
  return (step.kind === "repeat" && step.independent && step.length > 1) || childrenOf(step).some(isInAnyOrder);
}
