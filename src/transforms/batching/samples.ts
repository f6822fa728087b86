import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { reshapeNode, spread } from "../../tensor/operands.ts";

/** What is computed for all samples; what is the same for all of them is left as it is. */
export interface Batched {
  readonly node: Node;
  /** Whether samples are its first axis. */
  readonly has: boolean;
}

/** For each of the nodes that stand for a sample's own values what stands for all samples', with samples first. */
export type Samples = ReadonlyMap<Node, Node>;

/** Writes for `size` samples what is written for one; `takes` where only some of them take it (masked.ts). */
export type Batch = (outputs: readonly Node[], given: Samples, size: number, takes?: Node) => Batched[];

/** A value with the axis `from` in place `to`. */
export function moveAxis(x: Node, from: number, to: number): Node {
  if (from === to) return x;
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== from);
  return permuted(x, [...others.slice(0, to), from, ...others.slice(to)]);
}

/** A value with its axes in another order: as one permutation, or none, where it is a permutation itself. */
export function permuted(x: Node, order: readonly number[]): Node {
  const [from, axes] = x.is("permute") ? [x.inputs[0], order.map((axis) => x.attrs.order[axis])] : [x, order];
  return axes.every((axis, i) => axis === i) ? from : make("permute", [from], { order: axes });
}

/** A value with samples as its first axis, spread if it is the same for all. */
export function led({ node, has }: Batched, size: number): Node {
  return has ? node : spread(node, [size, ...node.shape]);
}

/** Of each sample what one of two arrays, which both begin with the axes of the test, has of it. */
export function chosen(test: Node, yes: Node, no: Node): Node {
  const shape = yes.shape.map((n, axis) => (axis < test.shape.length ? n : 1));
  return make("where", [spread(reshapeNode(test, shape), yes.shape), yes, no], {});
}
