import { make, type Node } from "../../graph/node.ts";

/** `node` with `pass` applied to the body of the loop or to both branches; any other node as it is. */
export function mapBodies(node: Node, pass: (roots: readonly Node[]) => readonly Node[]): Node {
  if (node.is("scan")) {
    const { next, ys } = node.attrs;
    const out = pass([...next, ...ys]);
    if (isSame(out, [...next, ...ys])) return node;
    return make("scan", node.inputs, { ...node.attrs, next: out.slice(0, next.length), ys: out.slice(next.length) });
  }
  if (node.is("while")) {
    const { next, ys } = node.attrs;
    const [test, ...out] = pass([node.attrs.test, ...next, ...ys]);
    if (isSame([test, ...out], [node.attrs.test, ...next, ...ys])) return node;
    const [carried, stacked] = [out.slice(0, next.length), out.slice(next.length)];
    return make("while", node.inputs, { ...node.attrs, test, next: carried, ys: stacked });
  }
  if (node.is("cond")) {
    const { whenTrue, whenFalse } = node.attrs;
    const count = whenTrue.length;
    const out = pass([...whenTrue, ...whenFalse]);
    if (isSame(out, [...whenTrue, ...whenFalse])) return node;
    return make("cond", node.inputs, { ...node.attrs, whenTrue: out.slice(0, count), whenFalse: out.slice(count) });
  }
  return node;
}

const isSame = (p: readonly Node[], q: readonly Node[]) => p.every((x, i) => x === q[i]);
