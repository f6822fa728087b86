import { isFloat } from "../graph/dtype.ts";
import type { Node } from "../graph/node.ts";
import { inheriting } from "../graph/origin.ts";
import { topological } from "../graph/walk.ts";
import { Tensor } from "../tensor/tensor.ts";
import { controlForward } from "./loops/control-forward.ts";
import { derivedFrom } from "./origin.ts";
import { rules } from "./rules.ts";

/**
 * Forward mode: the tangents of `outputs` when the nodes in `seeds` move along their tangents. Undefined is zero.
 */
export function pushforward(outputs: readonly Node[], seeds: ReadonlyMap<Node, Node>): (Node | undefined)[] {
  const tangents = new Map<Node, Node>(seeds);
  const results = new Map<Node, readonly (Node | undefined)[]>();
  for (const node of topological(outputs)) {
    if (tangents.has(node)) continue;
    if (node.is("result")) {
      const d = results.get(node.inputs[0])?.[node.attrs.index];
      if (d) tangents.set(node, d);
      continue;
    }
    const moving = node.inputs.map((x) => tangents.get(x));
    if (moving.every((x) => x === undefined)) continue;
    inheriting(derivedFrom(node), () => {
      const several = controlForward(node, moving, pushforward);
      if (several) results.set(node, several);
      else if (isFloat(node.dtype)) {
        const d = rules[node.op].forward(
          node,
          moving.map((x) => x && new Tensor(x)),
        );
        if (d) tangents.set(node, d.node);
      }
    });
  }
  return outputs.map((y) => tangents.get(y));
}
