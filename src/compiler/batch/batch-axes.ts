import type { Slot } from "../../graph/body.ts";
import { alongInputs, type Scan } from "../../graph/control.ts";
import type { Node, OpName } from "../../graph/node.ts";
import { isElementwise, ops } from "../../graph/ops.ts";
import type { Along, Places, Total } from "../../transforms/batching/axis.ts";
import { follow } from "../../transforms/batching/follow.ts";

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

/** A loop whose iterations run along a batch, each sample from itself alone. */
export interface BatchLoop {
  readonly loop: Scan;
  /** What of an iteration runs along the batch, formals included. */
  readonly body: Batch;
  /** Carries that sum up totals, which nothing else reads. */
  readonly sums: ReadonlySet<Slot>;
  /** The axis of each slot's input that runs along the batch. */
  readonly at: ReadonlyMap<Slot, number>;
  /** The axis of each result, what total it is, undefined where the batch has no part in it. */
  readonly results: readonly (number | Total | undefined)[];
}

/** The axis of a result that runs along the batch, what total it is of the batch, undefined where neither holds. */
export function axisAfter(node: Node, { axis, totals, loops }: Batch, linear: boolean): number | Total | undefined {
  if (linear) {
    if (isOfSums(node, { axis, totals })) return "sum";
    const computes = isElementwise(node.op) || ops[node.op].class === "running";
    if (computes && node.inputs.some((x) => totals.has(x))) return undefined;
  }
  if (node.is("result")) return loops.get(node.inputs[0])?.results[node.attrs.index];
  return alongOf(node, axis)?.result;
}

/** The batch's way through an op. */
export function alongOf(node: Node, axis: Batch["axis"]): Along | undefined {
  return follow(
    node,
    node.inputs.map((x) => axis.get(x)),
  );
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
export function operandAxes(node: Node, { axis, loops }: Batch): Places {
  const along = loops.get(node);
  if (along) return alongInputs(along.loop, (slot) => along.at.get(slot));
  return alongOf(node, axis)?.operands ?? [];
}
