import type { Node } from "../../graph/node.ts";
import { topological } from "../../graph/walk.ts";
import type { Total } from "../../transforms/batching/axis.ts";
import { axisAfter, type Batch, type BatchLoop } from "./batch-axes.ts";
import { loopAlong } from "./batch-loop.ts";

/**
 * What `roots` compute along a batch of `size`.
 *
 * @param seeds   where it comes in: leaves, and the axis of each that runs along it
 * @param linear  whether what is linear in sums over the batch counts as such a sum
 */
export function batchOf(roots: readonly Node[], seeds: ReadonlyMap<Node, number>, size: number, linear = false): Batch {
  const axis = new Map<Node, number>();
  const totals = new Map<Node, Total>();
  const loops = new Map<Node, BatchLoop>();
  const phase = new Map<Node, number>();
  const batch: Batch = { size, axis, totals, loops, phase };
  for (const node of topological(roots)) {
    const loop = loopAlong(node, batch, batchOf);
    if (loop) loops.set(node, loop);
    const at = seeds.get(node) ?? axisAfter(node, batch, linear);
    if (typeof at === "string") totals.set(node, at);
    else if (at !== undefined) axis.set(node, at);
    let passes = 0;
    for (const x of node.inputs) {
      // A total is there when its pass has ended; so is the whole of what is not read sample by sample.
      const after = totals.has(x) || (axis.has(x) && !seeds.has(x) && at === undefined && !loop);
      passes = Math.max(passes, (phase.get(x) ?? 0) + (after ? 1 : 0));
    }
    phase.set(node, passes);
  }
  return batch;
}
