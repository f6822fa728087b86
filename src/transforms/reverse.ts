import { isFloat } from "../graph/dtype.ts";
import type { Node } from "../graph/node.ts";
import { inheriting } from "../graph/origin.ts";
import { dependents, topological } from "../graph/walk.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Again, again } from "./checkpoint.ts";
import { controlBackward } from "./loops/control-backward.ts";
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
  const between = dependents(outputs, wrt, isNotStopped);
  const found = new Map<Node, Tensor>();
  /** What those of `wrt` get that lie inside a checkpoint; from there it went on as it was computed again. */
  const asked = new Map<Node, Tensor | undefined>();
  /** Cotangents of a control node's results, gathered from its picks. */
  const results = new Map<Node, (Node | undefined)[]>();
  const give = (node: Node, ct: Tensor | undefined) => {
    if (ct && between.has(node) && isFloat(node.dtype)) found.set(node, plus(found.get(node), ct) as Tensor);
  };
  outputs.forEach((y, i) => {
    const ct = cotangents[i];
    if (ct) give(y, new Tensor(ct));
  });
  const visit = (node: Node): void => {
    if (!between.has(node)) return;
    const several = results.get(node);
    if (several) {
      const cts = inheriting(derivedFrom(node), () => controlBackward(node, several, pullback));
      node.inputs.forEach((x, i) => {
        const ct = cts[i];
        if (ct) inheriting(derivedFrom(x), () => give(x, new Tensor(ct)));
      });
      return;
    }
    const ct = found.get(node);
    if (!ct) return;
    if (node.is("result")) {
      const list = results.get(node.inputs[0]) ?? [];
      list[node.attrs.index] = ct.node;
      results.set(node.inputs[0], list);
    } else if (node.is("checkpoint")) {
      visitInside(again(node, ct.node, wrt), ct);
    } else {
      inheriting(derivedFrom(node), () => {
        const cts = rules[node.op].backward(
          node,
          ct,
          node.inputs.map((x) => between.has(x)),
        );
        node.inputs.forEach((x, i) => {
          give(x, cts[i]);
        });
      });
    }
  };
  /** Beside the arguments, what the inside uses gets its cotangents too: all of that comes later in the order. */
  const visitInside = ({ result, inside, arguments: starts, named }: Again, ct: Tensor): void => {
    const sources = [...wrt, ...[...starts].flatMap(([x, start]) => (between.has(x) ? [start] : []))];
    for (const x of dependents([result], [...sources, ...named.values()], isNotStopped)) between.add(x);
    give(result, ct);
    for (const node of inside.toReversed()) visit(node);
    for (const [x, remade] of named) asked.set(x, plus(asked.get(x), found.get(remade)));
  };
  for (const node of topological(outputs).reverse()) visit(node);
  return wrt.map((x) => plus(found.get(x), asked.get(x))?.node);
}

const isNotStopped = (node: Node) => node.op !== "stop";
