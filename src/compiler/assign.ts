import type { Node } from "../graph/node.ts";
import { copyView } from "./copy.ts";
import { eachScalar, type Kernel, readsOf } from "./kernel.ts";
import { type Buffer, type Step, sameAffine } from "./loop.ts";
import type { View } from "./views.ts";
import type { Steps, Workshop } from "./workshop.ts";

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
export function assign(assignments: readonly Assignment[], steps: Steps, workshop: Workshop): void {
  const inPlace = assignments.filter((a) => canShare(a, steps));
  for (const { from, to } of inPlace) workshop.share(from.buffer, to.buffer);
  for (const a of assignments) if (!inPlace.includes(a)) steps.push(copyView(a.node, a.from, a.to, workshop));
}

function canShare({ from, to }: Assignment, steps: Steps): boolean {
  const writer = steps.findIndex(
    (s) => s.kind === "launch" && s.kernel.stores.some((store) => store.buffer === from.buffer),
  );
  const step = steps[writer];
  if (writer < 0 || step.kind !== "launch" || step.kernel.scatter) return false;
  if (steps.slice(writer + 1).some((s) => touches(s, to.buffer) || writes(s, from.buffer))) return false;
  if (steps.slice(0, writer).some((s) => touches(s, from.buffer))) return false;
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
  const values = kernel.stores.flatMap((s) => (s.moving ? [s.value, s.moving.position] : [s.value]));
  eachScalar(values, (s) => {
    if (s.kind === "load" && s.buffer === old && (s.moving || !sameAffine(s.at, place.at))) fits = false;
  });
  return fits;
}

/** True when a step, or anything inside it, reads or writes a buffer. */
function touches(step: Step<Kernel>, buffer: Buffer): boolean {
  if (step.kind === "launch") return readsOf(step.kernel).has(buffer) || writes(step, buffer);
  if (step.kind === "branch")
    return step.flag.buffer === buffer || [...step.yes, ...step.no].some((s) => touches(s, buffer));
  const inner = step.kind === "while" ? [...step.test, ...step.body] : step.body;
  return (step.kind === "while" && step.flag.buffer === buffer) || inner.some((s) => touches(s, buffer));
}

function writes(step: Step<Kernel>, buffer: Buffer): boolean {
  if (step.kind === "launch") return step.kernel.stores.some((s) => s.buffer === buffer);
  if (step.kind === "branch") return [...step.yes, ...step.no].some((s) => writes(s, buffer));
  return (step.kind === "while" ? [...step.test, ...step.body] : step.body).some((s) => writes(s, buffer));
}
