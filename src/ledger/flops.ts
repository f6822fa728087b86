import { flopsOfNode } from "../compiler/ir/cost.ts";
import { mergeLoops } from "../compiler/simplify/merge-loops.ts";
import { prune } from "../compiler/simplify/prune.ts";
import { simplify } from "../compiler/simplify/simplify.ts";
import { bodiesOf, controlOf } from "../graph/control.ts";
import type { Node } from "../graph/node.ts";
import { rootsOf } from "../graph/program.ts";
import { topological } from "../graph/walk.ts";
import type { Training } from "./programs.ts";

/** Operations of one step, each in the pass that first needs its result. */
export interface Flops {
  /** From the batch to the loss. */
  readonly forward: number;
  /** From the loss to the gradients. */
  readonly backward: number;
  /** From the gradients to new parameters. */
  readonly update: number;
}

export function flopsOfStep({ graph, loss, gradients }: Training): Flops {
  const roots = [loss, ...gradients, ...rootsOf(graph)];
  const simple = simplify(prune(simplify(prune(mergeLoops(roots)))));
  const done = new Set<Node>();
  const upTo = (end: number) => flopsOf(simple.slice(0, end), done);
  return { forward: upTo(1), backward: upTo(1 + gradients.length), update: upTo(roots.length) };
}

/**
 * Floating-point operations to compute `roots`, each node once: a product and a sum are two, a function such as tanh as
 * many as it is made of (the op table's `flops`). A loop of unknown length counts with one iteration.
 *
 * @param done  nodes that are counted already; what is counted here joins them
 */
export function flopsOf(roots: readonly Node[], done: Set<Node> = new Set()): number {
  let total = 0;
  for (const node of topological(roots)) {
    if (done.has(node)) continue;
    done.add(node);
    total += flopsWithBodies(node);
  }
  return total;
}

function flopsWithBodies(node: Node): number {
  const control = controlOf(node);
  if (!control) return flopsOfNode(node);
  const iterations = control.op === "scan" ? control.length : control.op === "while" ? (control.limit ?? 1) : 1;
  return iterations * Math.max(...bodiesOf(control).map((body) => flopsOf(body)));
}
