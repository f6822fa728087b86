import type { Node } from "../../graph/node.ts";
import type { Allocator, Steps } from "../ir/allocator.ts";
import { eachScalar, type Kernel, scalarsOfRunning } from "../ir/kernel.ts";
import { type Buffer, type Step, sameAffine } from "../ir/loop.ts";
import { type Uses, usesOf } from "../ir/uses.ts";
import type { View } from "../ir/views.ts";
import { copyView } from "./copy.ts";

/** A value that replaces another when a block is done: the next carry, an updated parameter. */
export interface Assignment {
  readonly node: Node;
  /** Where the block computed it: a buffer of its own. */
  readonly from: View;
  readonly to: View;
}

/**
 * Ends a block by moving new values over old ones. Where nothing reads the old value after the new one is computed, the
 * kernel that computes it writes in place (both buffers share memory) and no copy is left.
 */
export function assign(assignments: readonly Assignment[], steps: Steps, workshop: Allocator): void {
  const uses = steps.map(usesOf);
  const inPlace = new Set<Assignment>();
  const idle = new Set<Step<Kernel>>();
  for (const a of assignments) {
    const start = copyThenScatter(a, steps, uses);
    if (start) idle.add(start);
    if (start || canShare(a, steps, uses)) inPlace.add(a);
  }
  for (const { from, to } of inPlace) workshop.share(from.buffer, to.buffer);
  if (idle.size > 0) steps.splice(0, steps.length, ...steps.filter((s) => !idle.has(s)));
  for (const a of assignments) if (!inPlace.has(a)) steps.push(copyView(a.node, a.from, a.to, workshop));
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
  const writer = steps.findIndex((s, i) => s.kind === "launch" && uses[i].writes.has(from.buffer));
  const step = steps[writer];
  if (writer < 0 || step.kind !== "launch" || step.kernel.scatter) return false;
  const touches = (i: number, buffer: Buffer) => uses[i].reads.has(buffer) || uses[i].writes.has(buffer);
  for (let i = 0; i < writer; i++) if (touches(i, from.buffer)) return false;
  for (let i = writer + 1; i < steps.length; i++) {
    if (touches(i, to.buffer) || uses[i].writes.has(from.buffer)) return false;
  }
  return readsInPlace(step.kernel, from.buffer, to.buffer);
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
