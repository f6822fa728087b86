import { make, type Node } from "../graph/node.ts";

/** `node` with `pass` applied to the body of the loop or to both branches; any other node as it is. */
export function mapBodies(node: Node, pass: (roots: readonly Node[]) => Node[]): Node {
  if (node.is("scan")) {
    const { next, ys } = node.attrs;
    const out = pass([...next, ...ys]);
    return make("scan", node.inputs, { ...node.attrs, next: out.slice(0, next.length), ys: out.slice(next.length) });
  }
  if (node.is("while")) {
    const { next, ys } = node.attrs;
    const [test, ...out] = pass([node.attrs.test, ...next, ...ys]);
    const [carried, stacked] = [out.slice(0, next.length), out.slice(next.length)];
    return make("while", node.inputs, { ...node.attrs, test, next: carried, ys: stacked });
  }
  if (node.is("cond")) {
    const count = node.attrs.whenTrue.length;
    const out = pass([...node.attrs.whenTrue, ...node.attrs.whenFalse]);
    return make("cond", node.inputs, { ...node.attrs, whenTrue: out.slice(0, count), whenFalse: out.slice(count) });
  }
  return node;
}
