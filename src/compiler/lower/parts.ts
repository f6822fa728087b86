import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { sameShape, sizeOf } from "../../graph/shape.ts";
import { add, at } from "../ir/loop.ts";
import { contiguous, isContiguous, moveView, type View } from "../ir/views.ts";

/** What a stored node is written from, where that is not one value for each of its elements in their order. */
export interface Part {
  readonly value: Node;
  /** Where the value's elements lie, given where the node's do; undefined where they would lie nowhere in order. */
  place(target: View): View | undefined;
}

/** A reshape that merges axes is written in the order of its source. */
export function asSource(node: Node<"reshape">): Part[] {
  const [value] = node.inputs;
  const place = (target: View) =>
    isContiguous(target, node.shape)
      ? contiguous(target.buffer, value.shape, target.offset)
      : moveView(make("reshape", [node], { shape: value.shape }), target);
  return [{ value, place }];
}

/** More parts are left to be chosen among where they are read. */
const mostParts = 16;

/**
 * Of tensors joined along an axis, those tensors: a sum of paddings that together fill the axis, each entry by one. They
 * are alike in shape, so that one kernel computes and writes them all. Undefined for anything else.
 */
export function joined(node: Node): Part[] | undefined {
  const pads = joinedPads(node, mostParts);
  const [first] = pads ?? [];
  return pads?.every((pad) => sameShape(pad.inputs[0].shape, first.inputs[0].shape)) ? pads.map(asSlice) : undefined;
}

/** More parts would be too many kernels. */
const mostSlices = 256;

/** A smaller tensor is sooner written by one kernel than by one for each part. */
const largeEnough = 2 ** 12;

/** The same of many, or of different shapes: each is written, by a kernel of its own, to where it lies in the whole. */
export function slices(node: Node): Part[] | undefined {
  if (sizeOf(node.shape) < largeEnough || joined(node)) return undefined;
  return joinedPads(node, mostSlices)?.map(asSlice);
}

const asSlice = (pad: Node<"pad">): Part => ({
  value: pad.inputs[0],
  place: ({ buffer, offset, strides }) => ({
    buffer,
    offset: pad.attrs.before.reduce((sum, n, axis) => add(sum, at(n * strides[axis])), offset),
    strides,
  }),
});

/** The paddings of which a node is the sum, in their order along the axis that they fill together; undefined when they do not. */
function joinedPads(node: Node, most: number): Node<"pad">[] | undefined {
  if (node.op !== "add" && node.op !== "or") return undefined;
  const pads = padsOf(node, most);
  if (!pads) return undefined;
  const axes = node.shape.flatMap((_, i) =>
    pads.some(({ attrs }) => attrs.before[i] + attrs.after[i] > 0) ? [i] : [],
  );
  const [axis] = axes;
  if (axes.length !== 1) return undefined;
  const sorted = pads.sort((p, q) => p.attrs.before[axis] - q.attrs.before[axis]);
  let from = 0;
  for (const pad of sorted) {
    if (pad.attrs.before[axis] !== from) return undefined;
    from += pad.inputs[0].shape[axis];
  }
  return from === node.shape[axis] ? sorted : undefined;
}

/** The paddings of which a node is the sum; undefined when it is not one of a few. */
function padsOf(sum: Node, most: number): Node<"pad">[] | undefined {
  const pads: Node<"pad">[] = [];
  const open = [sum];
  for (let x = open.pop(); x; x = open.pop()) {
    if (x.is("pad")) pads.push(x);
    else if (x.op === sum.op) open.push(...x.inputs);
    else return undefined;
    if (pads.length + open.length > most) return undefined;
  }
  return pads;
}

/** Whether parts lie side by side along the innermost axis, so that no vector of neighbours is of one part alone. */
export function liesAcross(node: Node, [{ value }]: readonly Part[]): boolean {
  const innermost = node.shape.findLastIndex((n) => n > 1);
  return value.shape[innermost] !== node.shape[innermost];
}
