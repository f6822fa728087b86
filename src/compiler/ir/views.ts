import type { Node } from "../../graph/node.ts";
import { ops } from "../../graph/ops.ts";
import { stridesOf } from "../../graph/shape.ts";
import { type Affine, add, at, type Buffer, scaled } from "./loop.ts";

/** Where a tensor's elements lie: element [i, j, ...] at offset + i * strides[0] + j * strides[1] + ... */
export interface View {
  readonly buffer: Buffer;
  readonly offset: Affine;
  readonly strides: readonly number[];
}

export function contiguous(buffer: Buffer, shape: readonly number[], offset: Affine = at(0)): View {
  return { buffer, offset, strides: stridesOf(shape) };
}

/** True when the elements lie one after another in row-major order. */
function isContiguous(view: View, shape: readonly number[]): boolean {
  const strides = stridesOf(shape);
  return shape.every((n, i) => n === 1 || view.strides[i] === strides[i]);
}

/** The position of the element at `index` (an affine expression per axis). */
export function position(view: View, index: readonly Affine[]): Affine {
  return index.reduce((sum, i, axis) => add(sum, scaled(i, view.strides[axis])), view.offset);
}

/** Movement ops that are views of a strided array; `pad` is none, and `reshape` only sometimes. */
export function moveView(node: Node, source: View): View | undefined {
  const [x] = node.inputs;
  const { buffer, offset, strides } = source;
  if (node.is("permute")) return { buffer, offset, strides: node.attrs.order.map((axis) => strides[axis]) };
  if (node.is("expand")) return { buffer, offset, strides: strides.map((s, i) => (x.shape[i] === 1 ? 0 : s)) };
  if (node.is("slice")) {
    const skip = node.attrs.start.reduce((sum, n, i) => sum + n * strides[i], 0);
    return { buffer, offset: add(offset, at(skip)), strides };
  }
  if (node.is("flip")) {
    const flipped = (i: number) => node.attrs.axes.includes(i);
    const skip = x.shape.reduce((sum, n, i) => sum + (flipped(i) ? (n - 1) * strides[i] : 0), 0);
    return { buffer, offset: add(offset, at(skip)), strides: strides.map((s, i) => (flipped(i) ? -s : s)) };
  }
  if (node.is("window")) {
    const { axis, stride, dilation } = node.attrs;
    const both = [strides[axis] * stride, strides[axis] * dilation];
    return { buffer, offset, strides: [...strides.slice(0, axis), ...both, ...strides.slice(axis + 1)] };
  }
  if (node.is("again")) return source;
  if (!node.is("reshape")) return undefined;
  if (isContiguous(source, x.shape)) return contiguous(buffer, node.shape, offset);
  const groups = reshapeGroups(x.shape, node.shape);
  if (!groups) return undefined;
  // Every group splits one source axis: its parts step in multiples of that axis's stride.
  const out = node.shape.map(() => 0);
  for (const { from, to } of groups) {
    let stride = from === undefined ? 0 : strides[from];
    for (const axis of [...to].reverse()) {
      out[axis] = stride;
      stride *= node.shape[axis];
    }
  }
  return { buffer, offset, strides: out };
}

/** How far apart neighbours lie along each axis of a node, taking what it is a view of to lie in order. */
export function stridesThrough(node: Node): readonly number[] {
  return viewOfOrdered(node).strides;
}

const somewhere = { id: -1, kind: "temporary", dtype: "float32", length: 0, offset: 0 } as Buffer;

function viewOfOrdered(node: Node): View {
  const source = ops[node.op].class === "movement" ? viewOfOrdered(node.inputs[0]) : undefined;
  return (source && moveView(node, source)) ?? contiguous(somewhere, node.shape);
}

/** One source axis (undefined: only axes of size 1) and the result axes that it is split into. */
interface SplitGroup {
  readonly from: number | undefined;
  readonly to: readonly number[];
}

/** A reshape as splits of single axes, or undefined when it merges axes that are longer than 1. */
function reshapeGroups(source: readonly number[], result: readonly number[]): SplitGroup[] | undefined {
  const groups: SplitGroup[] = [];
  const long = source.flatMap((n, i) => (n === 1 ? [] : [i]));
  let axis = 0;
  for (const from of long) {
    const to: number[] = [];
    let size = 1;
    // An axis without elements is split where the first such axis comes.
    while (axis < result.length && (source[from] === 0 ? size !== 0 : size < source[from])) {
      to.push(axis);
      size *= result[axis++];
    }
    if (size !== source[from]) return undefined;
    groups.push({ from, to });
  }
  groups.push({ from: undefined, to: result.slice(axis).map((_, i) => axis + i) });
  return groups;
}

/** The index of the source's element that a reshape puts at `index`; undefined when that is not affine. */
export function reshapeIndex(
  source: readonly number[],
  result: readonly number[],
  index: readonly Affine[],
): Affine[] | undefined {
  const groups = reshapeGroups(source, result);
  if (!groups) return undefined;
  const out = source.map(() => at(0));
  for (const { from, to } of groups) {
    if (from === undefined) continue;
    out[from] = to.reduce((sum, axis) => add(scaled(sum, result[axis]), index[axis]), at(0));
  }
  return out;
}
