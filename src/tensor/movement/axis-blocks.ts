import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { reshapeNode } from "../operands.ts";

/** [.., size, ..] as [blocks, .., rows, ..]: one axis cut into blocks of so many rows, which divide it. */
export function splitAxis(x: Node, axis: number, rows: number): Node {
  const blocks = x.shape[axis] / rows;
  const split = reshapeNode(x, [...x.shape.slice(0, axis), blocks, rows, ...x.shape.slice(axis + 1)]);
  if (axis === 0) return split;
  const others = split.shape.map((_, i) => i).filter((i) => i !== axis);
  return make("permute", [split], { order: [axis, ...others] });
}

/** [blocks, .., rows, ..] as [.., blocks rows, ..]: the reverse of `splitAxis`. */
export function joinAxis(stack: Node, axis: number): Node {
  const [blocks, ...rest] = stack.shape;
  const shape = rest.map((n, i) => (i === axis ? blocks * n : n));
  if (axis === 0) return reshapeNode(stack, shape);
  const axes = rest.map((_, i) => i + 1);
  const order = [...axes.slice(0, axis), 0, ...axes.slice(axis)];
  return reshapeNode(make("permute", [stack], { order }), shape);
}
