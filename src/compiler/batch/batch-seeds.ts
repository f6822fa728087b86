import type { Node } from "../../graph/node.ts";
import { topological } from "../../graph/walk.ts";
import { batchOf } from "./batch.ts";
import { fewestRows, type Limits } from "./block-rows.ts";

export const leavesOf = (roots: readonly Node[]) => topological(roots).filter((x) => x.is("input") || x.is("data"));

/**
 * Where batches come in: for each size, the leaves that run along one, and their axis. It is the first axis of inputs and
 * data, wherever that lies in what a loop captures, and of whatever else is long.
 */
export function seedsOf(
  leaves: readonly Node[],
  sources: readonly Node[],
  limits: Limits,
): Map<number, Map<Node, number>> {
  const seeds = new Map<number, Map<Node, number>>();
  const add = (leaf: Node, at: number) => {
    const size = leaf.shape[at];
    seeds.set(size, (seeds.get(size) ?? new Map<Node, number>()).set(leaf, at));
  };
  const isLong = (x: Node, samples: number) => x.shape.length > 0 && x.shape[0] >= samples;
  const origins = leavesOf(sources).filter((x) => isLong(x, 2 * fewestRows));
  for (const size of new Set(origins.map((x) => x.shape[0]))) {
    const own = origins.filter((x) => x.shape[0] === size);
    const { axis } = batchOf(sources, new Map(own.map((x) => [x, 0])), size);
    leaves.forEach((leaf, i) => {
      const at = axis.get(sources[i]);
      if (at !== undefined) add(leaf, at);
    });
  }
  for (const leaf of leaves) if (isLong(leaf, limits.samples) && !seeds.get(leaf.shape[0])?.has(leaf)) add(leaf, 0);
  return seeds;
}
