import { make } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Derivatives that vanish are undefined until an array is needed: `node`, or zeros of the given type. */
export function orZeros(node: Node | undefined, like: Pick<Node, "shape" | "dtype">): Node {
  if (node) return node;
  const zero = make("constant", [], { value: 0, dtype: like.dtype });
  return new Tensor(zero).expand(like.shape).node;
}

/** The sum of two derivatives of which either may vanish. */
export function plus(x: Tensor | undefined, y: Tensor | undefined): Tensor | undefined {
  return x && y ? x.add(y) : (x ?? y);
}

export function present<T>(list: readonly (T | undefined)[]): T[] {
  return list.filter((x) => x !== undefined);
}

/** A list as a map from another list of that length, or from the beginning of a longer one. */
export function paired<K, V>(keys: readonly K[], values: readonly V[]): Map<K, V> {
  return new Map(keys.map((key, i) => [key, values[i]]));
}
