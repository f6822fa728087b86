import type { Node } from "../../graph/node.ts";
import { isElementwise, ops } from "../../graph/ops.ts";
import { bytesIn, sizeOf } from "../../graph/shape.ts";

/** Floating-point operations of one node: of a product and its sum two a term. Those of a loop's or branch's body do not count. */
export function flopsOfNode(node: Node): number {
  const { class: kind, flops } = ops[node.op];
  if (isElementwise(node.op) || kind === "running") return flops * sizeOf(node.shape);
  if (kind === "reduce") return flops * sizeOf(node.inputs[0].shape);
  if (kind === "scatter") return flops * sizeOf(node.inputs[1].shape);
  if (!node.is("contract")) return 0;
  const { a, b } = node.attrs;
  const [x, y] = node.inputs;
  const sizes = new Map([...a.map((l, i) => [l, x.shape[i]] as const), ...b.map((l, i) => [l, y.shape[i]] as const)]);
  return flops * sizeOf([...sizes.values()]);
}

/** Bytes that are written to memory on the way, more or less: what sums give, and functions that cost too much to be computed twice. */
export function bytesWritten(nodes: Iterable<Node>): number {
  let bytes = 0;
  for (const node of nodes) {
    const { class: kind, flops } = ops[node.op];
    if (kind === "contract" || kind === "reduce" || flops > 4) bytes += bytesIn(node);
  }
  return bytes;
}
