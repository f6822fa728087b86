import type { Node } from "../graph/node.ts";

/**
 * Every node that `roots` need, in the bodies of loops and branches too: of a loop that carries nothing, only what leads
 * to the results that are asked for.
 */
export function reach(roots: readonly Node[]): Set<Node> {
  const found = new Set<Node>(roots);
  const stack = [...found];
  const need = (nodes: readonly Node[]) => {
    for (const node of nodes) {
      if (found.has(node)) continue;
      found.add(node);
      stack.push(node);
    }
  };
  for (let node = stack.pop(); node; node = stack.pop()) {
    need(node.inputs);
    if (!node.is("result")) continue;
    const [control] = node.inputs;
    const { index } = node.attrs;
    if (control.is("scan") || control.is("while")) {
      const { carry, next, ys } = control.attrs;
      need(index < carry.length ? next : [...next, ys[index - carry.length]]);
      if (control.is("while")) need([control.attrs.test]);
    } else if (control.is("cond")) need([control.attrs.whenTrue[index], control.attrs.whenFalse[index]]);
  }
  return found;
}
