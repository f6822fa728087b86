import { isFloat } from "../graph/dtype.ts";
import { make } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";
import { dependents, substitute, topological } from "../graph/walk.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * `f`, of which the backward pass keeps the arguments and results only: what lies between is computed again when it is
 * wanted. That costs one more forward pass through `f`, and frees the memory of everything inside. In a stack of L equal
 * layers of which every sqrt(L) are one `checkpoint`, about 2 sqrt(L) layers are kept rather than L (Chen et al.,
 * arXiv:1604.06174). Values and gradients are the same to the last bit.
 *
 * @param f  of one or several tensors; tensors that it uses beside them, such as weights, are kept as they are
 */
export function checkpoint<A extends readonly Tensor[]>(f: (...xs: A) => Tensor): (...xs: A) => Tensor {
  return (...xs) => {
    const y = f(...xs);
    const given = [...new Set(xs.map((x) => x.node))].filter((x) => isFloat(x.dtype));
    return isFloat(y.dtype) ? new Tensor(make("checkpoint", [y.node, ...given], {})) : y;
  };
}

/** A checkpoint's inside, written anew for the backward pass. */
export interface Again {
  /** The result. */
  readonly result: Node;
  /** What lies inside, in the order in which it is computed. */
  readonly inside: readonly Node[];
  /** Where the inside begins: for each argument, what stands for it. */
  readonly arguments: ReadonlyMap<Node, Node>;
  /** For each of `named` that lies inside, what it is there. */
  readonly named: ReadonlyMap<Node, Node>;
}

/** Writes the inside of a checkpoint anew, to be computed when the cotangent is there and no sooner. */
export function again(node: Node, cotangent: Node, named: readonly Node[]): Again {
  const [result, ...given] = node.inputs;
  const starts = new Map(given.map((x) => [x, make("again", [x, cotangent], {})]));
  const within = dependents([result], given);
  const wanted = named.filter((x) => within.has(x) && !starts.has(x));
  const [remade, ...found] = substitute([result, ...wanted], starts);
  const inside = dependents([remade], starts.values());
  return {
    result: remade,
    inside: topological([remade]).filter((x) => inside.has(x)),
    arguments: starts,
    named: new Map(wanted.map((x, i) => [x, found[i]])),
  };
}
