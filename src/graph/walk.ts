import { InternalError } from "./errors.ts";
import { make } from "./make.ts";
import type { Node } from "./node.ts";
import { inheriting } from "./origin.ts";

/** Every node that `roots` need, each after its inputs. Bodies of control nodes are not entered. */
export function topological(roots: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  walk(roots, seen, (node) => {
    seen.add(node);
    order.push(node);
  });
  return order;
}

/** Visits what `roots` need, each node after its inputs; `visit` puts it into `done`, and what is there is passed over. */
function walk(roots: readonly Node[], done: { has(node: Node): boolean }, visit: (node: Node) => void): void {
  // Nodes on the way from a root, and how many of its inputs each has been through.
  const path: Node[] = [];
  const counts: number[] = [];
  for (const root of roots) {
    let entered: Node | undefined = done.has(root) ? undefined : root;
    while (entered || path.length > 0) {
      if (entered) {
        path.push(entered);
        counts.push(0);
      }
      const top = path.length - 1;
      const node: Node = path[top];
      const { inputs } = node;
      let i = counts[top];
      while (i < inputs.length && done.has(inputs[i])) i++;
      counts[top] = i + 1;
      entered = inputs[i];
      if (!entered) {
        path.pop();
        counts.pop();
        visit(node);
      }
    }
  }
}

/**
 * The nodes among those that `roots` need which depend on one of `sources` (the sources included).
 *
 * @param passes  whether what depends on such a node counts as depending; all do, where it is not given
 */
export function dependents(
  roots: readonly Node[],
  sources: Iterable<Node>,
  passes: (node: Node) => boolean = () => true,
): Set<Node> {
  const found = new Set<Node>(sources);
  for (const node of topological(roots)) {
    if (passes(node) && node.inputs.some((x) => found.has(x))) found.add(node);
  }
  return found;
}

/** How often each node is read by those that `roots` need, which stand in `order`, or is itself a root. */
export function countReaders(roots: readonly Node[], order: readonly Node[] = topological(roots)): Map<Node, number> {
  const counts = new Map<Node, number>();
  const read = (x: Node) => void counts.set(x, (counts.get(x) ?? 0) + 1);
  for (const node of order) node.inputs.forEach(read);
  roots.forEach(read);
  return counts;
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
  return rewriteOn(roots, rule, new Map(given));
}

/** The same, keeping all results in `done`: what is there is not looked into again. */
export function rewriteOn(
  roots: readonly Node[],
  rule: (node: Node, inputs: readonly Node[]) => Node,
  done: Map<Node, Node>,
): Node[] {
  const result = (node: Node): Node => {
    const x = done.get(node);
    if (!x) throw new InternalError("a node was rewritten before its inputs");
    return x;
  };
  walk(roots, done, (node) => {
    // What takes a node's place comes from where the node came from.
    const inputs = node.inputs.map(result);
    done.set(
      node,
      inheriting(node.origin, () => rule(node, inputs)),
    );
  });
  return roots.map(result);
}
