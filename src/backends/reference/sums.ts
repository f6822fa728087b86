import type { TypedArray } from "../../graph/dtype.ts";
import type { Node } from "../../graph/node.ts";
import { stridesOf } from "../../graph/shape.ts";
import { around, dot, eachIndex } from "./indices.ts";

/** Sums are kept in float64 and rounded once. */
export function reduce(node: Node<"sum"> | Node<"max">, x: TypedArray, out: TypedArray): TypedArray {
  const isSum = node.is("sum");
  const total = new Float64Array(out.length).fill(isSum ? 0 : Number.NEGATIVE_INFINITY);
  const { shape } = node.inputs[0];
  const kept = stridesOf(node.shape);
  let axis = 0;
  const strides = shape.map((_, i) => (node.attrs.axes.includes(i) ? 0 : kept[axis++]));
  eachIndex(shape, (index, flat) => {
    const place = dot(index, strides);
    total[place] = isSum ? total[place] + x[flat] : Math.max(total[place], x[flat]);
  });
  out.set(total);
  return out;
}

/** Totals are kept in float64 and each is rounded once; those of int32 wrap around. */
export function running(
  node: Node<"recurrence"> | Node<"cummax">,
  inputs: readonly TypedArray[],
  out: TypedArray,
): TypedArray {
  const { before, size, after } = around(node.shape, node.attrs.axis);
  const [x, b] = inputs;
  const start = inputs[inputs.length - 1];
  const step = (total: number, i: number) => {
    if (node.is("cummax")) return Math.max(total, x[i]);
    return node.dtype === "int32" ? (Math.imul(x[i], total) + b[i]) | 0 : x[i] * total + b[i];
  };
  for (let k = 0; k < before * after; k++) {
    let total = start[k];
    let place = Math.floor(k / after) * size * after + (k % after);
    for (let i = 0; i < size; i++, place += after) {
      total = step(total, place);
      out[place] = total;
    }
  }
  return out;
}

/** Sums are kept in float64 and rounded once. */
export function overlap(node: Node<"overlap">, x: TypedArray, out: TypedArray): TypedArray {
  const { axis, dilation } = node.attrs;
  const total = new Float64Array(out.length);
  const strides = stridesOf(node.shape);
  eachIndex(node.inputs[0].shape, (index, flat) => {
    const along = index[axis] + index[axis + 1] * dilation;
    total[dot([...index.slice(0, axis), along, ...index.slice(axis + 2)], strides)] += x[flat];
  });
  out.set(total);
  return out;
}

export function contract(node: Node<"contract">, x: TypedArray, y: TypedArray, out: TypedArray): TypedArray {
  const { a, b, out: labels } = node.attrs;
  const inner = [...new Set([...a, ...b])].filter((label) => !labels.includes(label));
  const loops = [...labels, ...inner];
  const [p, q] = node.inputs;
  const sizes = loops.map((label) => (a.includes(label) ? p.shape[a.indexOf(label)] : q.shape[b.indexOf(label)]));
  const along = (term: readonly number[], shape: readonly number[]) => {
    const strides = stridesOf(shape);
    return loops.map((label) => (term.includes(label) ? strides[term.indexOf(label)] : 0));
  };
  const [sa, sb, so] = [along(a, p.shape), along(b, q.shape), along(labels, node.shape)];
  const total = new Float64Array(out.length);
  eachIndex(sizes, (index) => {
    total[dot(index, so)] += x[dot(index, sa)] * y[dot(index, sb)];
  });
  out.set(total);
  return out;
}
