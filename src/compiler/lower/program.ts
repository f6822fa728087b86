import { controlOf } from "../../graph/control.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import type { GraphProgram } from "../../graph/program.ts";
import { countReaders } from "../../graph/walk.ts";
import type { Allocator } from "../ir/allocator.ts";
import type { Lowered, Update, Wanted } from "../ir/block.ts";
import type { Buffer } from "../ir/loop.ts";
import { contiguous, type View } from "../ir/views.ts";
import type { Boundary } from "./boundary.ts";
import { lowerBlock } from "./lower.ts";

/**
 * A program as one block: its results go to their arrays, and new values of parameters replace the old ones at its end.
 *
 * @param roots  results, then new values of parameters, as the graph's passes left them
 */
export function lowerProgram(
  graph: GraphProgram,
  roots: readonly Node[],
  { leaves, outputs }: Boundary,
  allocator: Allocator,
): Lowered {
  const wanted: Wanted[] = graph.outputs.map(({ name, node }, i) => {
    return { node: roots[i], target: contiguous(outputs.get(name) as Buffer, node.shape) };
  });
  const readers = countReaders(roots);
  const homes = new Map<Node, View>();
  const updates: Update[] = [];
  graph.updates.forEach(({ parameter }, i) => {
    const node = roots[graph.outputs.length + i];
    const leaf = make("parameter", [], { parameter });
    if (node === leaf) return;
    const to = leaves.get(leaf) as View;
    if (isCarried(node, leaf) && readers.get(leaf) === 1) {
      // The loop works on the parameter itself: nothing is copied in or out.
      homes.set(node, to);
      wanted.push({ node, target: to });
    } else updates.push({ node, leaf, to });
  });
  return lowerBlock({ leaves, wanted, updates, homes }, allocator);
}

/** Whether a loop's result is the last value of a carry that began as `leaf`. */
function isCarried(result: Node, leaf: Node): result is Node<"result"> {
  if (!result.is("result")) return false;
  const loop = controlOf(result.inputs[0]);
  return loop?.op === "while" && loop.carry[result.attrs.index]?.input === leaf;
}
