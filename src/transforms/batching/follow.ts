import { make } from "../../graph/make.ts";
import type { Node, OpAttrs } from "../../graph/node.ts";
import { type Along, type Moves, movesBetween, type Places } from "./axis.ts";
import { type BatchRule, batchRules } from "./rules.ts";

const ruleOf = (node: Node) => batchRules[node.op] as BatchRule;

/** The ways of an axis through an op. */
export const axesThrough = (node: Node): readonly Along[] => ruleOf(node).axes(node);

/** The way of an axis through an op some of whose operands have it at these places; undefined where entries meet. */
export function follow(node: Node, at: Places): Along | undefined {
  if (at.every((place) => place === undefined)) return undefined;
  return axesThrough(node).find(
    ({ operands }) =>
      operands.some((place, i) => place !== undefined && at[i] !== undefined) &&
      operands.every((place, i) => at[i] === undefined || at[i] === place),
  );
}

/** An op on other inputs, in which an axis is elsewhere, has another length, is new or left out. */
export function remade(node: Node, inputs: readonly Node[], moves: Moves): Node {
  return make(node.op, inputs, ruleOf(node).attrs(node, moves) as OpAttrs[typeof node.op]);
}

/** An op on inputs that have an axis more, of `size`, at these places, and where the result has it. */
export function withNewAxis(
  node: Node,
  inputs: readonly Node[],
  at: Places,
  size: number,
): { node: Node; axis: number } {
  const made = remade(node, inputs, movesBetween(inputs.length, undefined, { operands: at, result: 0 }, size));
  const along = follow(made, at);
  return { node: made, axis: along?.result as number };
}

/** Which operands must have an axis that some of them have. */
export function mustHave(node: Node, has: readonly boolean[]): readonly boolean[] {
  const { mayLack } = ruleOf(node);
  return has.map((own, i) => own || !mayLack(i));
}
