import type { Node } from "../graph/node.ts";
import { isElementwise, ops } from "../graph/ops.ts";
import { bytesIn, sizeOf } from "../graph/shape.ts";
import { topological } from "../graph/walk.ts";

/** What of a graph runs along a batch: samples that are computed alike, each from itself alone, until they are summed. */
export interface Batch {
  readonly size: number;
  /** The axis of a value that runs along the batch. */
  readonly axis: ReadonlyMap<Node, number>;
  /** Sums and maxima over the whole batch. */
  readonly totals: ReadonlySet<Node>;
  /** How many passes over the batch must have ended before a value can be computed. */
  readonly phase: ReadonlyMap<Node, number>;
}

/** What `roots` compute along a batch of `size`, which is the first axis of the `seeds` of that length. */
export function batchOf(roots: readonly Node[], seeds: ReadonlySet<Node>, size: number): Batch {
  const axis = new Map<Node, number>();
  const totals = new Set<Node>();
  const phase = new Map<Node, number>();
  for (const node of topological(roots)) {
    const at = seeds.has(node) ? (node.shape[0] === size ? 0 : undefined) : axisAfter(node, axis, size);
    if (at === "total") totals.add(node);
    else if (at !== undefined) axis.set(node, at);
    let passes = 0;
    for (const x of node.inputs) {
      // A total is there when its pass has ended; so is the whole of what is not read sample by sample.
      const after = totals.has(x) || (axis.has(x) && !seeds.has(x) && at === undefined);
      passes = Math.max(passes, (phase.get(x) ?? 0) + (after ? 1 : 0));
    }
    phase.set(node, passes);
  }
  return { size, axis, totals, phase };
}

/** The axis of a result that runs along the batch, "total" where the batch is summed over, undefined where neither holds. */
function axisAfter(node: Node, axes: ReadonlyMap<Node, number>, size: number): number | "total" | undefined {
  const [x, y] = node.inputs;
  if (isElementwise(node.op)) {
    let found: number | undefined;
    for (const z of node.inputs) {
      const at = axes.get(z);
      if (at === undefined || at === found) continue;
      if (found !== undefined) return undefined;
      found = at;
    }
    return found;
  }
  if (node.is("contract")) {
    const { a, b, out } = node.attrs;
    if (new Set(a).size < a.length || new Set(b).size < b.length) return undefined;
    const [p, q] = [axes.get(x), axes.get(y)];
    const [l, r] = [p === undefined ? undefined : a[p], q === undefined ? undefined : b[q]];
    const label = l ?? r;
    if (label === undefined || (l !== undefined && r !== undefined && l !== r)) return undefined;
    return out.includes(label) ? out.indexOf(label) : "total";
  }
  if (node.is("gather")) {
    const at = axes.get(y);
    return axes.has(x) || at === undefined ? undefined : node.attrs.axis + at;
  }
  const at = x && axes.get(x);
  if (at === undefined) return undefined;
  if (node.is("sum") || node.is("maximum")) {
    if (node.attrs.axes.includes(at)) return "total";
    return at - node.attrs.axes.filter((axis) => axis < at).length;
  }
  if (node.is("permute")) return node.attrs.order.indexOf(at);
  if (node.is("expand") || node.is("again")) return at;
  if (node.is("window")) return at === node.attrs.axis ? undefined : at + Number(at > node.attrs.axis);
  if (node.is("overlap")) {
    const { axis } = node.attrs;
    return at === axis || at === axis + 1 ? undefined : at - Number(at > axis);
  }
  if (node.is("flip")) return node.attrs.axes.includes(at) ? undefined : at;
  if (node.is("slice")) return node.attrs.start[at] === 0 && node.attrs.stop[at] === size ? at : undefined;
  if (node.is("pad")) return node.attrs.before[at] === 0 && node.attrs.after[at] === 0 ? at : undefined;
  if (node.is("reshape")) {
    const before = sizeOf(x.shape.slice(0, at));
    const moved = node.shape.findIndex((n, i) => n === size && sizeOf(node.shape.slice(0, i)) === before);
    return moved < 0 ? undefined : moved;
  }
  return undefined;
}

/** Bytes that are written for every sample, more or less: what sums and functions that are costly give. */
export function bytesPerSample({ axis, size }: Batch): number {
  let bytes = 0;
  for (const node of axis.keys()) {
    const { class: kind, flops } = ops[node.op];
    if (kind === "contract" || kind === "reduce" || flops > 4) bytes += bytesIn(node);
  }
  return bytes / size;
}
