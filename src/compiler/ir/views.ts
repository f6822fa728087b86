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
export function isContiguous(view: View, shape: readonly number[]): boolean {
  const strides = stridesOf(shape);
  return shape.every((n, i) => n === 1 || view.strides[i] === strides[i]);
}

/** The position of the element at `index` (an affine expression per axis). */
export function position(view: View, index: readonly Affine[]): Affine {
  return index.reduce((sum, i, axis) => add(sum, scaled(i, view.strides[axis])), view.offset);
}

/**
 * Where along one axis of its source a movement op finds an element: at `from` plus, for each term, `scale` times the
 * element's own place along `axis`.
 */
interface Along {
  readonly from: number;
  readonly terms: readonly { readonly axis: number; readonly scale: number }[];
}

const alone = (axis: number, scale = 1, from = 0): Along => ({ from, terms: [{ axis, scale }] });

/** For each axis of a movement op's source where an element is found there; undefined where that is not affine. */
function sourceAxes(node: Node): readonly Along[] | undefined {
  const [x] = node.inputs;
  if (node.is("permute")) {
    const { order } = node.attrs;
    return order.map((_, axis) => alone(order.indexOf(axis)));
  }
  if (node.is("expand")) return x.shape.map((n, i) => (n === 1 ? { from: 0, terms: [] } : alone(i)));
  if (node.is("slice")) return node.attrs.start.map((n, i) => alone(i, 1, n));
  if (node.is("pad")) return node.attrs.before.map((n, i) => alone(i, 1, -n));
  if (node.is("flip")) {
    const { axes } = node.attrs;
    return x.shape.map((n, i) => (axes.includes(i) ? alone(i, -1, n - 1) : alone(i)));
  }
  if (node.is("window")) {
    const { axis, stride, dilation } = node.attrs;
    const both = [
      { axis, scale: stride },
      { axis: axis + 1, scale: dilation },
    ];
    return x.shape.map((_, i) => (i === axis ? { from: 0, terms: both } : alone(i < axis ? i : i + 1)));
  }
  return node.is("reshape") ? splitAxes(x.shape, node.shape) : undefined;
}

/** The index of the source's element that a movement op puts at `index`; undefined where that is not affine. */
export function sourceIndex(node: Node, index: readonly Affine[]): readonly Affine[] | undefined {
  if (node.is("again")) return index;
  return sourceAxes(node)?.map(({ from, terms }) =>
    terms.reduce((sum, { axis, scale }) => add(sum, scaled(index[axis], scale)), at(from)),
  );
}

/** Movement ops that are views of a strided array; `pad` is none, and `reshape` only sometimes. */
export function moveView(node: Node, source: View): View | undefined {
  if (node.is("again")) return source;
  const { buffer, offset, strides } = source;
  if (node.is("reshape") && isContiguous(source, node.inputs[0].shape)) return contiguous(buffer, node.shape, offset);
  const axes = node.is("pad") ? undefined : sourceAxes(node);
  if (!axes) return undefined;
  const out = node.shape.map(() => 0);
  let skip = 0;
  axes.forEach(({ from, terms }, i) => {
    skip += from * strides[i];
    for (const { axis, scale } of terms) out[axis] += scale * strides[i];
  });
  return { buffer, offset: add(offset, at(skip)), strides: out };
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

/** A reshape as splits of single axes; undefined when it merges axes that are longer than 1. */
function splitAxes(source: readonly number[], result: readonly number[]): readonly Along[] | undefined {
  const axes: Along[] = [];
  let next = 0;
  for (const n of source) {
    const parts: number[] = [];
    let size = 1;
    // An axis without elements is split where the first such axis comes.
    while (n !== 1 && next < result.length && (n === 0 ? size !== 0 : size < n)) {
      parts.push(next);
      size *= result[next++];
    }
    if (size !== n) return undefined;
    let scale = 1;
    const terms = parts.reverse().map((axis) => {
      const term = { axis, scale };
      scale *= result[axis];
      return term;
    });
    axes.push({ from: 0, terms: terms.reverse() });
  }
  return axes;
}
