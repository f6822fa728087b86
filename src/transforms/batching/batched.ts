import type { Node } from "../../graph/node.ts";
import { inheriting } from "../../graph/origin.ts";
import { topological, withInputs } from "../../graph/walk.ts";
import { batchControl } from "./control.ts";
import { mustHave, withNewAxis } from "./follow.ts";
import { inOneTable, isIndexed } from "./indexed.ts";
import { batchMark, isMark } from "./marks.ts";
import { type Batched, led, moveAxis, type Samples } from "./samples.ts";

/**
 * `outputs`, which are written for one sample, for `size` of them.
 *
 * @param given  for each of the nodes that stand for a sample's own values, what stands for all samples', with samples first
 */
export function batched(outputs: readonly Node[], given: Samples, size: number): Batched[] {
  const made = new Map<Node, Batched>();
  for (const [one, all] of given) made.set(one, { node: all, has: true });
  /** The results of loops and branches. */
  const results = new Map<Node, readonly Batched[]>();
  const of = (x: Node): Batched => made.get(x) ?? { node: x, has: false };
  for (const node of topological(outputs)) {
    if (made.has(node)) continue;
    if (node.is("result")) {
      const found = results.get(node.inputs[0])?.[node.attrs.index];
      if (found) made.set(node, found);
      continue;
    }
    if (!node.inputs.some((x) => made.has(x))) continue;
    const inputs = node.inputs.map(of);
    inheriting(node.origin, () => {
      const several = batchControl(node, inputs, size, batched);
      if (several) results.set(node, several);
      else made.set(node, batchNode(node, inputs, size));
    });
  }
  return outputs.map(of);
}

function batchNode(node: Node, inputs: readonly Batched[], size: number): Batched {
  if (!inputs.some(({ has }) => has)) {
    const nodes = inputs.map((x) => x.node);
    return { node: withInputs(node, nodes), has: false };
  }
  if (isMark(node)) return batchMark(node, inputs, size, batched);
  const table = isIndexed(node) ? inOneTable(node, inputs, size) : undefined;
  if (table) return { node: table, has: true };
  const must = mustHave(
    node,
    inputs.map(({ has }) => has),
  );
  const operands = inputs.map((x, i) => (must[i] ? led(x, size) : x.node));
  const made = withNewAxis(
    node,
    operands,
    must.map((has) => (has ? 0 : undefined)),
    size,
  );
  return { node: moveAxis(made.node, made.axis, 0), has: true };
}
