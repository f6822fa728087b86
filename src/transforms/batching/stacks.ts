import type { Node } from "../../graph/node.ts";
import { moveAxis, permuted } from "./samples.ts";

/**
 * What loops in loops stack, a row for each iteration, has the iterations first, and samples come behind them. It goes from loop to loop as
 * it lies: its axes are put in order where it is used, and never in memory.
 */
interface Lying {
  /** As it lies. */
  readonly node: Node;
  /** In which order of its axes samples come first. */
  readonly order: readonly number[];
}

const inOrder = (node: Node): Lying => ({ node, order: node.shape.map((_, axis) => axis) });

/** How a value lies of which samples are the first axis. */
function lying(x: Node): Lying {
  const stacked = x.is("permute") && (x.inputs[0].is("result") || x.inputs[0].is("formal"));
  return stacked ? { node: x.inputs[0], order: (x as Node<"permute">).attrs.order } : inOrder(x);
}

/** What goes into a loop: as it lies, and what is made of the formal for it in the body, so that samples come first. */
export interface Given {
  readonly node: Node;
  /** The axes of the formal, in the order in which samples come first. */
  readonly order: readonly number[];
}

/** A value that the body captures. */
export const capturedAs = (x: Node): Given => lying(x);

/** A sequence, samples first, whose rows the body takes. */
export function sequenceAs(x: Node): Given {
  const rows = moveAxis(x, 0, 1);
  const { node, order } = lying(rows);
  if (order[0] !== 0)
    return {
      node: rows,
      order: inOrder(rows)
        .order.slice(1)
        .map((axis) => axis - 1),
    };
  return { node, order: order.slice(1).map((axis) => axis - 1) };
}

/** What an iteration stacks: as it lies, and what is made of the stack, so that samples come first. */
export function stackAs(y: Node): { readonly y: Node; readonly of: (stack: Node) => Node } {
  const { node, order } = lying(y);
  return { y: node, of: (stack) => moveAxis(permuted(stack, [0, ...order.map((axis) => axis + 1)]), 1, 0) };
}
