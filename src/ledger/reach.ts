import { type Control, controlOf, headOf, resultsOf, valuesOf } from "../graph/control.ts";
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
    const control = controlOf(node.inputs[0]) as Control;
    const result = resultsOf(control)[node.attrs.index];
    need([...headOf(control), ...[...control.carry, result].flatMap(valuesOf)]);
  }
  return found;
}
