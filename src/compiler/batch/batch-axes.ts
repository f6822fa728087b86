import type { Node, OpName } from "../../graph/node.ts";
import { isElementwise, ops } from "../../graph/ops.ts";
import { sizeOf } from "../../graph/shape.ts";

/** What of a graph runs along a batch: samples that are computed alike, each from itself alone, until they are summed. */
export interface Batch {
  readonly size: number;
  /** The axis of a value that runs along the batch. */
  readonly axis: ReadonlyMap<Node, number>;
  /** Sums and maxima over the whole batch. */
  readonly totals: ReadonlyMap<Node, Total>;
  /** Loops whose iterations run along the batch. */
  readonly loops: ReadonlyMap<Node, BatchLoop>;
  /** How many passes over the batch must have ended before a value can be computed. */
  readonly phase: ReadonlyMap<Node, number>;
}

/** How totals of some samples make the one of all. */
export type Total = "sum" | "max";

/** A loop whose iterations run along a batch, each sample from itself alone. */
export interface BatchLoop {
  /** What of an iteration runs along the batch, formals included. */
  readonly body: Batch;
  /** Carries that sum up totals, which nothing else reads: for each, by number, what an iteration adds. */
  readonly sums: ReadonlyMap<number, Node>;
  /** The axis of each input that runs along the batch. */
  readonly inputs: readonly (number | undefined)[];
  /** The axis of each result, what total it is, undefined where the batch has no part in it. */
  readonly results: readonly (number | Total | undefined)[];
}

/** The axis of a result that runs along the batch, what total it is of the batch, undefined where neither holds. */
export function axisAfter(node: Node, batch: Batch, linear: boolean): number | Total | undefined {
  const { axis: axes, totals, loops, size } = batch;
  const [x, y] = node.inputs;
  if (linear && isOfSums(node, { axis: axes, totals })) return "sum";
  if (isElementwise(node.op)) {
    let found: number | undefined;
    for (const z of node.inputs) {
      const at = axes.get(z);
      if (linear && totals.has(z)) return undefined;
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
    return out.includes(label) ? out.indexOf(label) : "sum";
  }
  if (node.is("result")) return loops.get(x)?.results[node.attrs.index];
  if (node.is("gather")) {
    const [at, looked] = [axes.get(x), axes.get(y)];
    if (looked !== undefined) return at === undefined ? node.attrs.axis + looked : undefined;
    if (at === undefined || at === node.attrs.axis) return undefined;
    return at < node.attrs.axis ? at : at + y.shape.length - 1;
  }
  if (node.is("scatter")) {
    const { axis } = node.attrs;
    const [looked, at] = [axes.get(x), axes.get(y)];
    if (looked !== undefined) return at === undefined || at === axis + looked ? "sum" : undefined;
    if (at === undefined || (at >= axis && at < axis + x.shape.length)) return undefined;
    return at < axis ? at : at - x.shape.length + 1;
  }
  if (ops[node.op].class === "running") return axisOfRunning(node as Running, batch, linear);
  const at = x && axes.get(x);
  if (at === undefined) return undefined;
  if (node.is("sum") || node.is("max")) {
    if (node.attrs.axes.includes(at)) return node.op as Total;
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

type Running = Node<"recurrence"> | Node<"cummax">;

/** Where the batch is in each operand of a running op that has it at `at`: the start, which is the last, lacks an axis. */
function placesInRunning({ inputs, attrs }: Running, at: number | undefined): (number | undefined)[] {
  return inputs.map((_, i) => (at !== undefined && i === inputs.length - 1 && at > attrs.axis ? at - 1 : at));
}

function axisOfRunning(node: Running, { axis, totals }: Batch, linear: boolean): number | undefined {
  const { inputs } = node;
  if (linear && inputs.some((z) => totals.has(z))) return undefined;
  const found = new Set(
    inputs.flatMap((z, i) => {
      const at = axis.get(z);
      if (at === undefined) return [];
      return i === inputs.length - 1 && at >= node.attrs.axis ? at + 1 : at;
    }),
  );
  const [at] = found;
  return found.size === 1 && at !== node.attrs.axis ? at : undefined;
}

const additive: ReadonlySet<OpName> = new Set([
  ...(["add", "sub", "neg", "permute", "reshape", "expand", "slice", "pad", "flip", "sum"] as const),
]);

/** Whether a value is linear in sums over the batch, so that it is itself the sum of what each block makes of its own. */
export function isOfSums(
  { op, inputs: [x, y, ...more] }: Node,
  { axis, totals }: Pick<Batch, "axis" | "totals">,
): boolean {
  const isSum = (z: Node) => totals.get(z) === "sum";
  const isFactor = (z: Node) => !totals.has(z) && !axis.has(z);
  if (additive.has(op)) return isSum(x) && (!y || isSum(y)) && more.length === 0;
  return (op === "mul" || op === "div") && ((isSum(x) && isFactor(y)) || (op === "mul" && isFactor(x) && isSum(y)));
}

/** The axis along which each operand of something along the batch has it, or must be cut if it has as many samples. */
export function operandAxes(node: Node, { axis, loops }: Batch): (number | undefined)[] {
  const own = node.inputs.map((x) => axis.get(x));
  if (isElementwise(node.op)) return own.map(() => axis.get(node));
  if (node.is("contract")) {
    const { a, b } = node.attrs;
    const label = own[0] === undefined ? b[own[1] as number] : a[own[0]];
    return [a, b].map((labels) => (labels.includes(label) ? labels.indexOf(label) : undefined));
  }
  if (node.is("scatter")) return [own[0], own[0] === undefined ? own[1] : node.attrs.axis + own[0]];
  if (ops[node.op].class === "running") return placesInRunning(node as Running, axis.get(node));
  const loop = loops.get(node);
  return loop ? [...loop.inputs] : own;
}
