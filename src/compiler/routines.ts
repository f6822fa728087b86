import { collapse } from "./collapse.ts";
import { emit } from "./emit.ts";
import { eachScalar, type Kernel, rootsOf } from "./kernel.ts";
import type { Affine, Index, Machine, Routine, Step } from "./loop.ts";

/** Writes every kernel of a program as a routine. */
export function routines(steps: readonly Step<Kernel>[], machine: Machine): Step<Routine>[] {
  let count = 0;
  const go = (list: readonly Step<Kernel>[], loops: readonly Index[]): Step<Routine>[] =>
    list.map((step): Step<Routine> => {
      if (step.kind === "launch") {
        const kernel = collapse(step.kernel);
        const used = loops.filter((index) => mentions(kernel, index));
        return { kind: "launch", kernel: emit(kernel, `${kernel.name}_${count++}`, used, machine) };
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
