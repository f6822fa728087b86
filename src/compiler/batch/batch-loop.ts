import type { Node } from "../../graph/node.ts";
import { isElementwise } from "../../graph/ops.ts";
import { topological } from "../../graph/walk.ts";
import { uniform } from "../../tensor/operands.ts";
import { type Batch, type BatchLoop, isOfSums, operandAxes } from "./batch-axes.ts";

type BatchOf = (roots: readonly Node[], seeds: ReadonlyMap<Node, number>, size: number, linear: boolean) => Batch;

/**
 * How a loop runs along the batch; undefined where it does not. The axis of a formal is that of its source, or where its
 * next value or its neighbours in the body have it: a state may begin as zeros, which are of no batch.
 */
export function loopAlong(node: Node<"scan">, outer: Batch, within: BatchOf): BatchLoop | undefined {
  const { carry, xs, captured, next, ys } = node.attrs;
  const formals = [...carry, ...xs, ...captured];
  const isSliced = (i: number) => i >= carry.length && i < carry.length + xs.length;
  const seeds = new Map<Node, number>();
  for (const [i, x] of node.inputs.entries()) {
    const at = outer.axis.get(x);
    if (at === undefined) continue;
    if (isSliced(i) && at === 0) return undefined;
    seeds.set(formals[i], isSliced(i) ? at - 1 : at);
  }
  if (seeds.size === 0) return undefined;
  const isFormal = new Set(formals);
  for (;;) {
    const known = seeds.size;
    const body = within([...formals, ...next, ...ys], seeds, outer.size, true);
    const sums = sumsOf(node, body);
    const asked = new Map<string, boolean>();
    /** Lets an operand be cut along `at`; false where it cannot be. */
    const cut = (x: Node, at: number): boolean => {
      const key = `${x.id}:${at}`;
      const known = asked.get(key) ?? cutAnew(x, at);
      asked.set(key, known);
      return known;
    };
    const cutAnew = (x: Node, at: number): boolean => {
      const own = body.axis.get(x);
      if (own !== undefined) return own === at;
      if (body.totals.has(x)) return false;
      if (x.shape[at] !== body.size || isSpread(x, at)) return true;
      if (isElementwise(x.op)) return x.inputs.filter((y) => !cut(y, at)).length === 0;
      if (isFormal.has(x)) seeds.set(x, at);
      return isFormal.has(x);
    };
    const misfits = topological([...next, ...ys]).filter((x) => {
      if ([...sums.keys()].some((i) => next[i] === x)) return false;
      if (!isInside(x, body)) return !isApart(x, body);
      if (x.inputs.some((z) => body.totals.has(z))) return !isOfSums(x, body);
      if (!startsAtZero(x, body)) return true;
      return (
        !seeds.has(x) && operandAxes(x, body).filter((at, i) => at !== undefined && !cut(x.inputs[i], at)).length > 0
      );
    });
    const astray = carry.filter((formal, i) => {
      const [from, to] = [seeds.get(formal), body.axis.get(next[i])];
      if (from !== undefined) return !cut(next[i], from);
      if (to !== undefined) seeds.set(formal, to);
      return to === undefined && body.totals.has(next[i]);
    });
    // What does not fit yet may do so once another formal runs along the batch.
    if (seeds.size > known) continue;
    if (misfits.length + astray.length > 0) return undefined;
    const inputs = formals.map((formal, i) => {
      const at = seeds.get(formal);
      return at === undefined ? undefined : at + Number(isSliced(i));
    });
    const stacked = ys.map((y) => {
      const at = body.axis.get(y);
      return at === undefined ? body.totals.get(y) : at + 1;
    });
    const last = carry.map((formal, i) => (sums.has(i) ? ("sum" as const) : seeds.get(formal)));
    return { body, sums, inputs, results: [...last, ...stacked] };
  }
}

export function isInside(node: Node, { axis, totals, loops }: Batch): boolean {
  return axis.has(node) || totals.has(node) || loops.has(node);
}

/** A sum that begins with anything else would have to be added once for all blocks. */
function startsAtZero(node: Node, { loops }: Batch): boolean {
  return [...(loops.get(node)?.sums.keys() ?? [])].every((i) => uniform(node.inputs[i]) === 0);
}

/** Whether a value is the same for all samples and can be made anew for fewer, at no more than the price of a few ops. */
export function isSpread(x: Node, at: number, deep = 3): boolean {
  if (uniform(x) !== undefined) return true;
  if (x.is("expand")) return x.inputs[0].shape[at] === 1;
  return deep > 0 && isElementwise(x.op) && x.inputs.every((y) => isSpread(y, at, deep - 1));
}

/** Whether the batch has no part in what does not run along it: what is only to be computed later has none. */
function isApart(node: Node, { axis, totals, loops }: Batch): boolean {
  const read = node.is("again") ? node.inputs.slice(0, 1) : node.inputs;
  if (node.is("result") && loops.has(node.inputs[0])) return true;
  return !read.some((x) => axis.has(x) || totals.has(x));
}

function sumsOf({ attrs: { carry, next, ys } }: Node<"scan">, body: Batch): Map<number, Node> {
  const sums = new Map<number, Node>();
  carry.forEach((formal, i) => {
    const sum = next[i];
    if (body.axis.has(formal)) return;
    if (!sum.is("add") || !sum.inputs.includes(formal)) return;
    const added = sum.inputs[0] === formal ? sum.inputs[1] : sum.inputs[0];
    if (body.totals.get(added) !== "sum") return;
    const readers = topological([...next, ...ys]).filter((x) => x.inputs.includes(formal) || x.inputs.includes(sum));
    const returned = [...next, ...ys].filter((y) => y === sum || y === formal);
    if (readers.length === 1 && returned.length === 1) sums.set(i, added);
  });
  return sums;
}
