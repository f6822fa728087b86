import type { Allocator } from "../ir/allocator.ts";
import type { Assignment, Kernels, Steps } from "../ir/block.ts";
import { eachScalar, type Kernel, scalarsOfRunning } from "../ir/kernel.ts";
import { type Buffer, type Step, sameAffine } from "../ir/loop.ts";
import { mapSteps } from "../ir/steps.ts";
import { type Uses, usesOf } from "../ir/uses.ts";
import { copyView } from "./copy.ts";

type Block = readonly Step<Kernel | Assignment>[];

/**
 * Makes kernels of assignments, in the program and in the bodies of its loops. Where nothing reads the old value after the
 * new one is computed, the kernel that computes it writes in place (both buffers share memory) and no copy is left.
 */
export function assign(program: Block, allocator: Allocator): Kernels {
  const aliases = new Map<Buffer, Buffer>();
  const go = (block: Block): Steps => {
    const assignments: Assignment[] = [];
    const steps: Steps = [];
    for (const step of block) {
      if (step.kind !== "launch") steps.push(mapSteps(step, go));
      else if ("from" in step.kernel) assignments.push(step.kernel);
      else steps.push({ kind: "launch", kernel: step.kernel });
    }
    const { inPlace, idle } = withoutCopies(assignments, steps);
    for (const { from, to } of inPlace) aliases.set(from.buffer, to.buffer);
    const copied = assignments.filter((a) => !inPlace.has(a)).map((a) => copyView(a.node, a.from, a.to, allocator));
    return [...steps.filter((s) => !idle.has(s)), ...copied];
  };
  return { steps: go(program), aliases };
}

/** Which assignments need no copy, and which kernels have nothing to do then. */
function withoutCopies(assignments: readonly Assignment[], steps: Steps) {
  const inPlace = new Set<Assignment>();
  const idle = new Set<Step<Kernel>>();
  const uses = assignments.length > 0 ? steps.map(usesOf) : [];
  for (const a of assignments) {
    const start = copyThenScatter(a, steps, uses);
    if (start) idle.add(start);
    if (start || canShare(a, steps, uses)) inPlace.add(a);
  }
  return { inPlace, idle };
}

/**
 * Where the new value is the old one with something scattered onto it, as rows of a table that fills while a loop runs:
 * the copy of the old value, which is not needed when the scatter may write onto the old value itself.
 */
function copyThenScatter({ from, to }: Assignment, steps: Steps, uses: readonly Uses[]): Step<Kernel> | undefined {
  const writers = steps.flatMap((_, i) => (uses[i].writes.has(from.buffer) ? [i] : []));
  if (writers.length !== 2) return undefined;
  const [start, scatter] = writers.map((i) => steps[i]);
  if (start.kind !== "launch" || scatter.kind !== "launch" || !scatter.kernel.scatter) return undefined;
  const [{ at, value }] = start.kernel.stores;
  const same = start.kernel.stores.length === 1 && value.kind === "load" && value.guards.length === 0 && !value.moving;
  if (!same || value.buffer !== to.buffer || !sameAffine(value.at, at)) return undefined;
  const reads = (i: number, buffer: Buffer) => uses[i].reads.has(buffer);
  const apart = steps.every((_, i) => i === writers[1] || !reads(i, from.buffer));
  const later = steps.every((_, i) => i < writers[1] || (!reads(i, to.buffer) && !uses[i].writes.has(to.buffer)));
  return apart && later ? start : undefined;
}

function canShare({ from, to }: Assignment, steps: Steps, uses: readonly Uses[]): boolean {
  const touches = (i: number, buffer: Buffer) => uses[i].reads.has(buffer) || uses[i].writes.has(buffer);
  const writers = steps.flatMap((step, i) => (uses[i].writes.has(from.buffer) ? [{ step, i }] : []));
  const [first, ...others] = writers;
  // Parts of what is joined have a kernel each; one that reads the old value must be the only one.
  if (!first || !writers.every(({ step }) => step.kind === "launch" && !step.kernel.scatter)) return false;
  for (let i = 0; i < first.i; i++) if (touches(i, from.buffer)) return false;
  for (let i = first.i + 1; i < steps.length; i++) if (touches(i, to.buffer)) return false;
  if (others.length > 0) return !touches(first.i, to.buffer);
  return first.step.kind === "launch" && readsInPlace(first.step.kernel, from.buffer, to.buffer);
}

/** True when the kernel reads the old value, if at all, only at the point that it writes. */
function readsInPlace(kernel: Kernel, written: Buffer, old: Buffer): boolean {
  const place = kernel.stores.find((s) => s.buffer === written);
  if (!place || place.moving) return false;
  let fits = true;
  if (kernel.reduction) {
    eachScalar([kernel.reduction.value], (s) => {
      if (s.kind === "load" && s.buffer === old) fits = false;
    });
  }
  if (kernel.running) {
    eachScalar([kernel.running.start], (s) => {
      if (s.kind === "load" && s.buffer === old) fits = false;
    });
  }
  const steps = kernel.running ? scalarsOfRunning(kernel.running) : [];
  const values = kernel.stores.flatMap((s) => (s.moving ? [s.value, s.moving.position] : [s.value]));
  eachScalar([...steps, ...values], (s) => {
    if (s.kind === "load" && s.buffer === old && (s.moving || !sameAffine(s.at, place.at))) fits = false;
  });
  return fits;
}
