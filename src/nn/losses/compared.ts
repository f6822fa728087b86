import type { Node } from "../../graph/node.ts";
import { topological } from "../../graph/walk.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** How many single losses each loss consists of. */
const singles = new WeakMap<Node, number>();

/** Remembers that a loss compares a prediction with so many numbers, and returns the loss. */
export function compares(loss: Tensor, numbers: number): Tensor {
  singles.set(loss.node, numbers);
  return loss;
}

/**
 * How many numbers a loss compares with: those of every `nn.mse`, `nn.bceWithLogits`, ... in its graph, so that a penalty
 * on the weights does not count. Undefined where it holds none of them (outside of loops and branches), as only the one who wrote
 * it can tell then.
 */
export function numbersCompared(loss: Tensor): number | undefined {
  const found = topological([loss.node]).flatMap((node) => singles.get(node) ?? []);
  return found.length > 0 ? found.reduce((sum, n) => sum + n, 0) : undefined;
}
