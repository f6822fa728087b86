import { resultsOfBody } from "../../graph/body.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";

/** `node` with `pass` applied to the body of the loop or to both branches; any other node as it is. */
export function mapBodies(node: Node, pass: (roots: readonly Node[]) => readonly Node[]): Node {
  const before = resultsOfBody(node);
  if (before.length === 0) return node;
  const results = pass(before);
  return before.every((x, i) => x === results[i]) ? node : withResults(node, results);
}

/** The same loop or branch with a body that computes something else. */
function withResults(node: Node, results: readonly Node[]): Node {
  if (node.is("cond")) {
    const count = node.attrs.whenTrue.length;
    const [whenTrue, whenFalse] = [results.slice(0, count), results.slice(count)];
    return make("cond", node.inputs, { ...node.attrs, whenTrue, whenFalse });
  }
  if (node.is("while")) {
    const [test, ...rest] = results;
    const count = node.attrs.next.length;
    return make("while", node.inputs, { ...node.attrs, test, next: rest.slice(0, count), ys: rest.slice(count) });
  }
  if (!node.is("scan")) return node;
  const count = node.attrs.next.length;
  return make("scan", node.inputs, { ...node.attrs, next: results.slice(0, count), ys: results.slice(count) });
}
