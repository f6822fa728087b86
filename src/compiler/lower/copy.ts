import type { Node } from "../../graph/node.ts";
import type { Allocator } from "../ir/allocator.ts";
import type { Memory } from "../ir/block.ts";
import type { Axis, Kernel, Scalar } from "../ir/kernel.ts";
import { type Affine, along, at, type Step } from "../ir/loop.ts";
import { position, type View } from "../ir/views.ts";
import { Evaluator } from "./evaluate.ts";
import { longAxes } from "./store.ts";

/** A kernel that writes `node`, any expression over what is in memory, to `target`. */
export function copy(node: Node, target: View, memory: Memory, allocator: Allocator): Step<Kernel> {
  const evaluator = new Evaluator({ view: (x) => memory.view(x), own: () => undefined });
  return write(node, target, allocator, (index) => evaluator.at(node, index));
}

/** A kernel that copies one place to another of the same shape. */
export function copyView(node: Node, from: View, to: View, allocator: Allocator): Step<Kernel> {
  const { buffer } = from;
  const { dtype } = node;
  return write(node, to, allocator, (index) => ({
    kind: "load",
    buffer,
    at: position(from, index),
    guards: [],
    dtype,
  }));
}

/** A kernel over the shape of `node` that stores one value at each point. */
function write(
  { shape }: Node,
  target: View,
  allocator: Allocator,
  valueAt: (index: readonly Affine[]) => Scalar,
): Step<Kernel> {
  const axes = allocator.axes(longAxes(shape));
  const index = indexOf(shape, axes);
  const store = { buffer: target.buffer, at: position(target, index), value: valueAt(index) };
  return { kind: "launch", kernel: { name: "copy", axes, stores: [store] } };
}

/** The index, along a shape's axes, of the point at which `axes` (those longer than 1) stand. */
export function indexOf(shape: readonly number[], axes: readonly Axis[]): Affine[] {
  let next = 0;
  return shape.map((n) => (n === 1 ? at(0) : along(axes[next++].index)));
}
