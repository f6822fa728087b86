import { collapse } from "./collapse.ts";
import { emit } from "./emit.ts";
import { eachScalar, type Kernel, rootsOf } from "./kernel.ts";
import type { Affine, Index, Machine, Routine, Step } from "./loop.ts";
import { shareLoops, workOf } from "./parallel.ts";

/** Writes every kernel of a program as a routine. */
export function routines(steps: readonly Step<Kernel>[], machine: Machine): Step<Routine>[] {
  let count = 0;
  const go = (list: readonly Step<Kernel>[], loops: readonly Index[]): Step<Routine>[] =>
    list.map((step): Step<Routine> => {
      if (step.kind === "launch") {
        const kernel = collapse(step.kernel);
        const used = loops.filter((index) => mentions(kernel, index));
        return { kind: "launch", kernel: shareLoops(emit(kernel, `${kernel.name}_${count++}`, used, machine)) };
      }
      if (step.kind === "branch") return { ...step, yes: go(step.yes, loops), no: go(step.no, loops) };
      const inside = [...loops, step.index];
      if (step.kind === "repeat") return { ...step, body: go(step.body, inside) };
      return { ...step, test: go(step.test, inside), body: go(step.body, inside) };
    });
  return go(steps, []);
}

function mentions(kernel: Kernel, index: Index): boolean {
  const has = (a: Affine) => a.terms.some((term) => term.index === index);
  let found = kernel.stores.some((s) => has(s.at));
  eachScalar(rootsOf(kernel), (s) => {
    if ((s.kind === "load" || s.kind === "position") && has(s.at)) found = true;
    if ((s.kind === "load" || s.kind === "within") && s.guards.some((g) => has(g.at))) found = true;
  });
  return found;
}

/** Instructions in a run of all steps; a loop whose turns nobody knows counts as infinitely many. */
export function workOfSteps(steps: readonly Step<Routine>[]): number {
  return steps.reduce((sum, step) => sum + workOfStep(step), 0);
}

function workOfStep(step: Step<Routine>): number {
  if (step.kind === "launch") return workOf(step.kernel.body);
  if (step.kind === "branch") return Math.max(workOfSteps(step.yes), workOfSteps(step.no));
  if (step.kind === "repeat") return step.length * workOfSteps(step.body);
  return (step.limit ?? Number.POSITIVE_INFINITY) * (1 + workOfSteps(step.test) + workOfSteps(step.body));
}
