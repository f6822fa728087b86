import type { Node } from "../../graph/node.ts";
import { sameShape } from "../../graph/shape.ts";
import { add, at } from "../ir/loop.ts";
import { contiguous, type View } from "../ir/views.ts";

/** What a stored node is written from, where that is not one value for each of its elements in their order. */
export interface Part {
  readonly value: Node;
  /** Where the value's elements lie, given where the node's do. */
  place(target: View): View;
}

/** A reshape that merges axes is written in the order of its source. */
export function asSource(node: Node<"reshape">): Part[] {
  const [value] = node.inputs;
  return [{ value, place: (target) => contiguous(target.buffer, value.shape, target.offset) }];
}

/** More parts are left to be chosen among where they are read. */
const mostParts = 16;

/**
 * Of tensors joined along an axis, those tensors: a sum of paddings that together fill the axis, each entry by one. They
 * are alike in shape, so that one kernel computes and writes them all. Undefined for anything else.
 */
export function joined(node: Node): Part[] | undefined {
  if (node.op !== "add" && node.op !== "or") return undefined;
  const pads = padsOf(node);
  if (!pads) return undefined;
  const axes = node.shape.flatMap((_, i) =>
    pads.some(({ attrs }) => attrs.before[i] + attrs.after[i] > 0) ? [i] : [],
  );
  const { shape } = pads[0].inputs[0];
  const [axis] = axes;
  if (axes.length !== 1 || pads.some((p) => !sameShape(p.inputs[0].shape, shape))) return undefined;
  const starts = new Set(pads.map((p) => p.attrs.before[axis]));
  const fills = starts.size === pads.length && [...starts].every((n) => n % shape[axis] === 0);
  if (!fills || pads.length * shape[axis] !== node.shape[axis]) return undefined;
  return pads.map((pad) => ({
    value: pad.inputs[0],
    place: ({ buffer, offset, strides }) => ({
      buffer,
      offset: add(offset, at(pad.attrs.before[axis] * strides[axis])),
      strides,
    }),
  }));
}

/** The paddings of which a node is the sum; undefined when it is not one of a few. */
function padsOf(sum: Node): Node<"pad">[] | undefined {
  const pads: Node<"pad">[] = [];
  const open = [sum];
  for (let x = open.pop(); x; x = open.pop()) {
    if (x.is("pad")) pads.push(x);
    else if (x.op === sum.op) open.push(...x.inputs);
    else return undefined;
    if (pads.length + open.length > mostParts) return undefined;
  }
  return pads;
}

/** Whether parts lie side by side along the innermost axis, so that no vector of neighbours is of one part alone. */
export function liesAcross(node: Node, [{ value }]: readonly Part[]): boolean {
  const innermost = node.shape.findLastIndex((n) => n > 1);
  return value.shape[innermost] !== node.shape[innermost];
}
