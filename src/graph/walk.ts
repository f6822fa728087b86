import { InternalError } from "./errors.ts";
import { make, type Node } from "./node.ts";
import { inheriting } from "./origin.ts";

/** Every node that `roots` need, each after its inputs. Bodies of control nodes are not entered. */
export function topological(roots: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  const visit = (node: Node) => {
    if (!seen.has(node)) {
      seen.add(node);
      stack.push({ node, next: 0 });
    }
  };
  for (const root of roots) {
    visit(root);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next < top.node.inputs.length) visit(top.node.inputs[top.next++]);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** The nodes among those that `roots` need which depend on one of `sources` (the sources included). */
export function dependents(roots: readonly Node[], sources: Iterable<Node>): Set<Node> {
  const found = new Set<Node>(sources);
  for (const node of topological(roots)) if (node.inputs.some((x) => found.has(x))) found.add(node);
  return found;
}

/** `node` on other inputs: itself when they are the ones that it has. */
export function withInputs(node: Node, inputs: readonly Node[]): Node {
  return inputs.every((x, i) => x === node.inputs[i]) ? node : make(node.op, inputs, node.attrs);
}

/** `roots` with every key of `replacements` replaced by its value; what does not change keeps its identity. */
export function substitute(roots: readonly Node[], replacements: ReadonlyMap<Node, Node>): Node[] {
  return rewrite(roots, withInputs, replacements);
}

/**
 * Rebuilds `roots` from the leaves up. `rule` sees each node with its rewritten inputs and returns what takes its place;
 * `given` fixes some results beforehand.
 */
export function rewrite(
  roots: readonly Node[],
  rule: (node: Node, inputs: readonly Node[]) => Node,
  given: ReadonlyMap<Node, Node> = new Map(),
): Node[] {
  const done = new Map<Node, Node>(given);
  const result = (node: Node): Node => {
    const x = done.get(node);
    if (!x) throw new InternalError("a node was rewritten before its inputs");
    return x;
  };
  for (const node of topological(roots)) {
    if (done.has(node)) continue;
    // What takes a node's place comes from where the node came from.
    const inputs = node.inputs.map(result);
    const made = inheriting(node.origin, () => rule(node, inputs));
    done.set(node, made);
  }
  return roots.map(result);
}
