import type { Node } from "../graph/node.ts";
import { concat } from "../tensor/functions.ts";
import { constant, spread, uniform } from "../tensor/operands.ts";
import { recurrence as recurrences } from "../tensor/reduction/recurrence.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Rule } from "./rule.ts";
import { orZeros, plus } from "./zero.ts";

const t = (node: Node) => new Tensor(node);

type Running = Node<"recurrence"> | Node<"cummax">;

/** The totals before each step: the start, then all totals but the last. */
function before(node: Running): Tensor {
  const { axis } = node.attrs;
  const start = node.inputs[node.inputs.length - 1];
  return concat([t(start).unsqueeze(axis), t(node).slice(0, node.shape[axis] - 1, axis)], axis);
}

/** h[i] = factor[i] h[i - 1] + term[i]. */
function recur(node: Running, factor: Node, term: Tensor | undefined, start: Tensor | undefined): Tensor {
  const { axis } = node.attrs;
  const first = { shape: node.shape.filter((_, i) => i !== axis), dtype: node.dtype };
  return t(recurrences(factor, orZeros(term?.node, node), orZeros(start?.node, first), axis));
}

/** The cotangent of each total with all that comes after it: g[i] = ct[i] + factor[i + 1] g[i + 1]. */
function recurBack(node: Running, factor: Node, ct: Tensor): Tensor {
  const { axis } = node.attrs;
  const later =
    uniform(factor) === undefined ? t(factor).slice(1, undefined, axis).padAxis(0, 1, axis).flip(axis).node : factor;
  return recur(node, later, ct.flip(axis), undefined).flip(axis);
}

/** A linear recurrence: its derivatives, of any order, are linear recurrences, right where factors are zero. */
export const recurrence: Rule = {
  forward: (node, [da, db, dstart]) => {
    if (!da && !db && !dstart) return undefined;
    const { inputs } = node;
    return recur(node as Running, inputs[0], plus(da?.mul(before(node as Running)), db), dstart);
  },
  backward: (node, ct) => {
    const [factor] = node.inputs;
    const g = recurBack(node as Running, factor, ct);
    return [
      g.mul(before(node as Running)),
      g,
      t(factor)
        .mul(g)
        .at(0, (node as Running).attrs.axis),
    ];
  },
};

/** The maximum is the last of equals, or the last NaN: its derivative is that of the entry there. */
export const cummax: Rule = {
  forward: (node, [dx, dstart]) => {
    if (!dx && !dstart) return undefined;
    const { isNew, stays } = wins(node as Running);
    return recur(node as Running, stays.node, dx && isNew.where(dx, 0), dstart);
  },
  backward: (node, ct) => {
    const { isNew, stays } = wins(node as Running);
    const g = recurBack(node as Running, stays.node, ct);
    return [isNew.where(g, 0), stays.mul(g).at(0, (node as Running).attrs.axis)];
  },
};

/** Where an entry is the maximum of all up to it, and 1 where it is not. */
function wins(node: Running): { isNew: Tensor; stays: Tensor } {
  const x = t(node.inputs[0]);
  const isNew = x.eq(t(node)).or(x.ne(x));
  const one = t(spread(constant(1, node.dtype), node.shape));
  return { isNew, stays: isNew.where(0, one) };
}
