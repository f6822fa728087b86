import type { Slot } from "../../graph/body.ts";
import { type Carry, controlOf, resultsOf, type Scan, slotsOf, valuesOf } from "../../graph/control.ts";
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
export function loopAlong(node: Node, outer: Batch, within: BatchOf): BatchLoop | undefined {
  const loop = controlOf(node);
  if (loop?.op !== "scan") return undefined;
  const slots = slotsOf(loop);
  const computed = resultsOf(loop).flatMap(valuesOf);
  /** The axis that a slice lacks. */
  const sliced = (s: Slot) => Number(loop.xs.includes(s));
  const seeds = new Map<Node, number>();
  for (const s of slots) {
    const at = outer.axis.get(s.input);
    if (at === undefined) continue;
    if (at < sliced(s)) return undefined;
    seeds.set(s.formal, at - sliced(s));
  }
  if (seeds.size === 0) return undefined;
  const isFormal = new Set(slots.map((s) => s.formal));
  for (;;) {
    const known = seeds.size;
    const body = within([...isFormal, ...computed], seeds, outer.size, true);
    const sums = sumsOf(loop, computed, body);
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
    const misfits = topological(computed).filter((x) => {
      if ([...sums].some((c) => c.next === x)) return false;
      if (!isInside(x, body)) return !isApart(x, body);
      if (x.inputs.some((z) => body.totals.has(z))) return !isOfSums(x, body);
      if (!startsAtZero(x, body)) return true;
      return (
        !seeds.has(x) && operandAxes(x, body).filter((at, i) => at !== undefined && !cut(x.inputs[i], at)).length > 0
      );
    });
    const astray = loop.carry.filter(({ formal, next }) => {
      const [from, to] = [seeds.get(formal), body.axis.get(next)];
      if (from !== undefined) return !cut(next, from);
      if (to !== undefined) seeds.set(formal, to);
      return to === undefined && body.totals.has(next);
    });
    // What does not fit yet may do so once another formal runs along the batch.
    if (seeds.size > known) continue;
    if (misfits.length + astray.length > 0) return undefined;
    const at = new Map<Slot, number>();
    for (const s of slots) {
      const inside = seeds.get(s.formal);
      if (inside !== undefined) at.set(s, inside + sliced(s));
    }
    const stacked = loop.outs.map(({ values: [y] }) => {
      const inside = body.axis.get(y);
      return inside === undefined ? body.totals.get(y) : inside + 1;
    });
    const last = loop.carry.map((c) => (sums.has(c) ? ("sum" as const) : at.get(c)));
    return { loop, body, sums, at, results: [...last, ...stacked] };
  }
}

export function isInside(node: Node, { axis, totals, loops }: Batch): boolean {
  return axis.has(node) || totals.has(node) || loops.has(node);
}

/** A sum that begins with anything else would have to be added once for all blocks. */
function startsAtZero(node: Node, { loops }: Batch): boolean {
  return [...(loops.get(node)?.sums ?? [])].every((c) => uniform(c.input) === 0);
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

function sumsOf({ carry }: Scan, computed: readonly Node[], body: Batch): Set<Carry> {
  const sums = carry.filter(({ formal, next: sum }) => {
    if (body.axis.has(formal)) return false;
    if (!sum.is("add") || !sum.inputs.includes(formal)) return false;
    const added = sum.inputs[0] === formal ? sum.inputs[1] : sum.inputs[0];
    if (body.totals.get(added) !== "sum") return false;
    const readers = topological(computed).filter((x) => x.inputs.includes(formal) || x.inputs.includes(sum));
    const returned = computed.filter((y) => y === sum || y === formal);
    return readers.length === 1 && returned.length === 1;
  });
  return new Set(sums);
}
