import type { Node, Origin } from "../graph/node.ts";

/** A derivative's nodes point at the user's line that they derive from. */
export function derivedFrom(node: Node): Origin {
  const { origin, op } = node;
  return {
    get place() {
      return origin?.place;
    },
    get label() {
      const made = origin?.label ?? op;
      return made.startsWith("gradient of ") ? made : `gradient of ${made}`;
    },
  };
}
