import { mergeLoops } from "../compiler/simplify/merge-loops.ts";
import { prune } from "../compiler/simplify/prune.ts";
import { simplify } from "../compiler/simplify/simplify.ts";
import type { Node } from "../graph/node.ts";
import { isElementwise, ops } from "../graph/ops.ts";
import { rootsOf } from "../graph/program.ts";
import { sizeOf } from "../graph/shape.ts";
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
    total += flopsOfNode(node);
  }
  return total;
}

function flopsOfNode(node: Node): number {
  const { flops } = ops[node.op];
  if (isElementwise(node.op)) return flops * sizeOf(node.shape);
  if (node.is("contract")) {
    const { a, b } = node.attrs;
    const [x, y] = node.inputs;
    const sizes = new Map([...a.map((l, i) => [l, x.shape[i]] as const), ...b.map((l, i) => [l, y.shape[i]] as const)]);
    return flops * sizeOf([...sizes.values()]);
  }
  if (ops[node.op].class === "reduce") return flops * sizeOf(node.inputs[0].shape);
  if (ops[node.op].class === "running") return flops * sizeOf(node.shape);
  if (node.is("scatter") || node.is("scatterInto")) return flops * sizeOf(node.inputs[1].shape);
  if (node.is("scan")) return node.attrs.length * flopsOf([...node.attrs.next, ...node.attrs.ys]);
  if (node.is("while"))
    return (node.attrs.limit ?? 1) * flopsOf([node.attrs.test, ...node.attrs.next, ...node.attrs.ys]);
  if (node.is("cond")) return Math.max(flopsOf(node.attrs.whenTrue), flopsOf(node.attrs.whenFalse));
  return 0;
}
