import { isFloat } from "../graph/dtype.ts";
import type { Node } from "../graph/node.ts";
import { inheriting } from "../graph/origin.ts";
import { dependents, topological } from "../graph/walk.ts";
import { Tensor } from "../tensor/tensor.ts";
import { controlBackward } from "./control-backward.ts";
import { derivedFrom } from "./origin.ts";
import { rules } from "./rules.ts";
import { plus } from "./zero.ts";

/**
 * Reverse mode: the cotangents of `wrt`, given those of `outputs`. Only what lies between the two is visited.
 * Undefined is zero.
 */
export function pullback(
  outputs: readonly Node[],
  cotangents: readonly (Node | undefined)[],
  wrt: readonly Node[],
): (Node | undefined)[] {
  const between = dependents(outputs, wrt);
  const found = new Map<Node, Tensor>();
  /** Cotangents of a control node's results, gathered from its picks. */
  const results = new Map<Node, (Node | undefined)[]>();
  const give = (node: Node, ct: Tensor | undefined) => {
    if (ct && between.has(node) && isFloat(node.dtype)) found.set(node, plus(found.get(node), ct) as Tensor);
  };
  outputs.forEach((y, i) => {
    const ct = cotangents[i];
    if (ct) give(y, new Tensor(ct));
  });
  for (const node of topological(outputs).reverse()) {
    if (!between.has(node)) continue;
    const several = results.get(node);
    if (several) {
      const cts = inheriting(derivedFrom(node), () => controlBackward(node, several, pullback));
      node.inputs.forEach((x, i) => {
        const ct = cts[i];
        if (ct) inheriting(derivedFrom(x), () => give(x, new Tensor(ct)));
      });
      continue;
    }
    const ct = found.get(node);
    if (!ct) continue;
    if (node.is("pick")) {
      const list = results.get(node.inputs[0]) ?? [];
      list[node.attrs.index] = ct.node;
      results.set(node.inputs[0], list);
      continue;
    }
    inheriting(derivedFrom(node), () => {
      const cts = rules[node.op].backward(node, ct);
      node.inputs.forEach((x, i) => {
        give(x, cts[i]);
      });
    });
  }
  return wrt.map((x) => found.get(x)?.node);
}
