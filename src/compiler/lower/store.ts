import { controlOf, inputsOf, isControl } from "../../graph/control.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise, ops } from "../../graph/ops.ts";
import { sameShape } from "../../graph/shape.ts";
import { countReaders } from "../../graph/walk.ts";
import { uniform } from "../../tensor/operands.ts";
import { at, type Buffer } from "../ir/loop.ts";
import { contiguous, moveView, sourceIndex, type View } from "../ir/views.ts";
import { asSource, joined, liesAcross, type Part, slices } from "./parts.ts";

export function longAxes(shape: readonly number[]): number[] {
  return shape.filter((n) => n !== 1);
}

export const isAnchor = (node: Node) => ["reduce", "running", "contract", "scatter"].includes(ops[node.op].class);
export const isMove = (node: Node) => ops[node.op].class === "movement";
const isInline = (node: Node) => node.op === "constant" || node.op === "iota";

/** A view that keeps every element at its place, up to axes of size 1. */
export function keepsPlace(node: Node): boolean {
  if (node.op === "again") return true;
  return (
    (node.op === "reshape" || node.op === "expand" || node.op === "permute") &&
    sameShape(longAxes(node.shape), longAxes(node.inputs[0].shape)) &&
    (node.op !== "permute" || node.shape.length < 2 || longAxes(node.shape).length < 2)
  );
}

/** What it takes to compute an expression anew where it is used. */
interface Cost {
  readonly flops: number;
  readonly loads: number;
  /** Ops one inside the other. */
  readonly depth: number;
}

const loaded: Cost = { flops: 0, loads: 1, depth: 0 };

/** Longer chains are cut and stored, so that no kernel grows without bound. */
const deepest = 32;

/** Nodes that are written to memory unless every reader turns out to sit in the same kernel. */
export function chooseStored(
  order: readonly Node[],
  outputs: readonly Node[],
  leaves: ReadonlyMap<Node, View>,
): { stored: Set<Node>; parts: Map<Node, readonly Part[]>; joins: Map<Node, Join> } {
  const stored = new Set<Node>();
  const parts = new Map<Node, readonly Part[]>();
  const joins = new Map<Node, Join>();
  const uses = countUses(order, outputs);
  const place = { id: -1, kind: "temporary", dtype: "float32", length: 0, offset: 0 } as Buffer;
  const view = (node: Node): View | undefined => {
    const leaf = leaves.get(node);
    if (leaf) return leaf;
    if (stored.has(node) || node.op === "result") return contiguous(place, node.shape);
    if (!isMove(node)) return undefined;
    const source = view(node.inputs[0]);
    return source && moveView(node, source);
  };
  /** Makes sure that `node` can be addressed in memory, storing what lies below it. */
  const demand = (node: Node): void => {
    if (view(node)) return;
    if (isMove(node) && node.op !== "pad" && !isInline(node.inputs[0])) demand(node.inputs[0]);
    if (!view(node)) stored.add(node);
  };

  for (const node of longChains(order, leaves)) stored.add(node);
  for (const y of outputs) if (!leaves.has(y) && y.op !== "result") stored.add(y);
  for (const node of order) {
    if (leaves.has(node)) continue;
    if (isAnchor(node)) stored.add(node);
    if (node.is("contract")) node.inputs.forEach(demand);
    if (node.op === "gather") demand(node.inputs[0]);
    // What a carry begins with is copied.
    const control = controlOf(node);
    if (control) inputsOf({ ...control, carry: [] }).forEach(demand);
  }
  const readers = countReaders(outputs, order);
  for (const node of order) {
    const list = leaves.has(node) ? undefined : slices(node);
    if (!list) continue;
    const inPlace = list.filter(({ value }) => !leaves.has(value) && readers.get(value) === 1 && isWritable(value));
    for (const { value } of inPlace) stored.add(value);
    stored.add(node);
    joins.set(node, { parts: list, inPlace: new Set(inPlace) });
  }
  const cost = new Map<Node, Cost>();
  for (const node of order) {
    const sum = { flops: ops[node.op].flops, loads: 0, depth: 0 };
    if (node.is("reshape") && !leaves.has(node) && mergesAxes(node, view)) {
      stored.add(node);
      parts.set(node, asSource(node));
    }
    const joint = leaves.has(node) || joins.has(node) ? undefined : joined(node);
    if (joint && (stored.has(node) || liesAcross(node, joint))) {
      stored.add(node);
      parts.set(node, joint);
    }
    if (leaves.has(node) || stored.has(node) || node.op === "result") cost.set(node, loaded);
    else if (isInline(node) || isControl(node)) cost.set(node, { flops: 0, loads: 0, depth: 0 });
    else {
      for (const x of new Set(node.inputs)) {
        sum.flops += cost.get(x)?.flops ?? 0;
        sum.loads += cost.get(x)?.loads ?? 0;
        sum.depth = Math.max(sum.depth, 1 + (cost.get(x)?.depth ?? 0));
      }
      const keep = isElementwise(node.op) && isWorthStoring(node, sum, uses, leaves);
      if (keep) stored.add(node);
      cost.set(node, keep || stored.has(node) ? loaded : sum);
    }
  }
  return { stored, parts, joins };
}

/** What is joined, and which of it is computed where it then lies. */
export interface Join {
  readonly parts: readonly Part[];
  readonly inPlace: ReadonlySet<Part>;
}

/** Whether a kernel of its own can write a value wherever it shall lie. */
function isWritable(node: Node): boolean {
  return node.op !== "result" && !isInline(node) && ops[node.op].class !== "scatter" && uniform(node) === undefined;
}

/** Every so many-th view of a long chain of views. */
function longChains(order: readonly Node[], leaves: ReadonlyMap<Node, View>): Node[] {
  const lengths = new Map<Node, number>();
  return order.filter((node) => {
    if (!isMove(node) || leaves.has(node)) return false;
    const length = 1 + (lengths.get(node.inputs[0]) ?? 0);
    lengths.set(node, length > deepest ? 0 : length);
    return length > deepest;
  });
}

/** True for a reshape whose elements' places follow from no index arithmetic: its source must be walked in order. */
function mergesAxes(node: Node<"reshape">, view: (node: Node) => View | undefined): boolean {
  const [x] = node.inputs;
  const source = view(x);
  if (uniform(x) !== undefined || (source && moveView(node, source))) return false;
  const origin = node.shape.map(() => at(0));
  return sourceIndex(node, origin) === undefined;
}

interface Uses {
  readonly count: number;
  /** Some reader sees it spread over a larger space, and would compute it many times. */
  readonly spread: boolean;
}

/** Readers of each node, views being transparent. */
function countUses(order: readonly Node[], outputs: readonly Node[]): Map<Node, Uses> {
  /** How many read a node, and the last one, whose reads come one after another. */
  const readers = new Map<Node, { count: number; last: unknown }>();
  const spread = new Set<Node>();
  const read = (node: Node, reader: unknown, wide: boolean) => {
    let [x, seenSpread] = [node, wide];
    for (;;) {
      const known = readers.get(x);
      if (!known) readers.set(x, { count: 1, last: reader });
      else if (known.last !== reader) {
        known.count++;
        known.last = reader;
      }
      if (seenSpread) spread.add(x);
      if (!isMove(x)) return;
      seenSpread ||= (x.op === "expand" && !keepsPlace(x)) || (x.is("window") && x.attrs.stride < x.attrs.size);
      x = x.inputs[0];
    }
  };
  for (const node of order) if (!isMove(node)) for (const x of node.inputs) read(x, node, false);
  outputs.forEach((y, i) => {
    read(y, i, false);
  });
  return new Map([...readers].map(([node, { count }]) => [node, { count, spread: spread.has(node) }]));
}

function isWorthStoring(
  node: Node,
  total: Cost,
  uses: ReadonlyMap<Node, Uses>,
  leaves: ReadonlyMap<Node, View>,
): boolean {
  const { count, spread } = uses.get(node) ?? { count: 0, spread: false };
  if ((spread && total.flops > 4) || total.depth > deepest) return true;
  if (count < 2) return false;
  // The only reader of a reduction or contraction: better stored in its place than beside it.
  const replaces = node.inputs.some((x) => {
    let y = x;
    while (keepsPlaceOrSelf(y) && !leaves.has(y)) y = y.inputs[0];
    return isAnchor(y) && uses.get(y)?.count === 1;
  });
  return replaces || total.flops > 4 || total.loads > 2;
}

const keepsPlaceOrSelf = (node: Node) => isMove(node) && keepsPlace(node);
