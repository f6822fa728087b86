import { type Kernel, readsOf } from "./kernel.ts";
import type { Buffer, Step } from "./loop.ts";
import { childrenOf, partsOf } from "./steps.ts";

/** What a step, or anything inside it, reads and writes. */
export interface Uses {
  readonly reads: ReadonlySet<Buffer>;
  readonly writes: ReadonlySet<Buffer>;
}

export function usesOf(step: Step<Kernel>): Uses {
  let uses = known.get(step);
  if (!uses) {
    uses = findUses(step);
    known.set(step, uses);
  }
  return uses;
}

/** A step around a body is asked again for every loop further out. */
const known = new WeakMap<Step<Kernel>, Uses>();

function findUses(step: Step<Kernel>): Uses {
  if (step.kind === "launch") {
    return { reads: readsOf(step.kernel), writes: new Set(step.kernel.stores.map((s) => s.buffer)) };
  }
  const inner = childrenOf(step).map(usesOf);
  const reads = new Set(inner.flatMap((u) => [...u.reads]));
  for (const { place } of partsOf(step)) if (place) reads.add(place.buffer);
  return { reads, writes: new Set(inner.flatMap((u) => [...u.writes])) };
}
