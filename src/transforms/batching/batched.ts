import type { Node } from "../../graph/node.ts";
import { inheriting } from "../../graph/origin.ts";
import { topological, withInputs } from "../../graph/walk.ts";
import { batchControl } from "./control.ts";
import { mustHave, withNewAxis } from "./follow.ts";
import { inOneTable, isIndexed } from "./indexed.ts";
import { batchMark, isMark } from "./marks.ts";
import { masked, operandsIn, resultIn } from "./masked.ts";
import { originsForAll, toldFrom } from "./reasons.ts";
import { type Batched, led, moveAxis, type Samples } from "./samples.ts";

/**
 * `outputs`, which are written for one sample, for `size` of them.
 *
 * @param given  for each of the nodes that stand for a sample's own values, what stands for all samples', with samples first
 * @param takes  bool [size], where only some samples take the branch or iteration that computes this
 */
export function batched(outputs: readonly Node[], given: Samples, size: number, takes?: Node): Batched[] {
  const made = new Map<Node, Batched>();
  for (const [one, all] of given) made.set(one, { node: takes ? masked(all, takes) : all, has: true });
  /** The results of loops and branches. */
  const results = new Map<Node, readonly Batched[]>();
  const of = (x: Node): Batched => made.get(x) ?? { node: x, has: false };
  const originOf = originsForAll(made, size);
  for (const node of topological([...toldFrom(outputs), ...outputs])) {
    if (made.has(node)) continue;
    if (node.is("result")) {
      const found = results.get(node.inputs[0])?.[node.attrs.index];
      if (found) made.set(node, found);
      continue;
    }
    if (!node.inputs.some((x) => made.has(x))) continue;
    const inputs = node.inputs.map(of);
    inheriting(originOf(node.origin), () => {
      const several = batchControl(node, inputs, size, batched, takes);
      if (several) results.set(node, several);
      else made.set(node, batchNode(node, inputs, size, takes));
    });
  }
  return outputs.map(of);
}

function batchNode(node: Node, given: readonly Batched[], size: number, takes: Node | undefined): Batched {
  if (!given.some(({ has }) => has)) {
    const nodes = given.map((x) => x.node);
    return { node: withInputs(node, nodes), has: false };
  }
  if (isMark(node)) return batchMark(node, given, size, batched, takes);
  const inputs = takes ? operandsIn(node, given, size, takes) : given;
  const all = (isIndexed(node) && inOneTable(node, inputs, size)) || batchOp(node, inputs, size);
  return { node: takes ? resultIn(node, inputs, all, takes) : all, has: true };
}

function batchOp(node: Node, inputs: readonly Batched[], size: number): Node {
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
  return moveAxis(made.node, made.axis, 0);
}
