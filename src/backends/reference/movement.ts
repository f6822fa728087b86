import type { TypedArray } from "../../graph/dtype.ts";
import { InternalError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { stridesOf } from "../../graph/shape.ts";
import { dot, eachIndex } from "./indices.ts";

/** Views, each as the position in the source of every element of the result (or -1 for padding). */
export function move(node: Node, x: TypedArray, out: TypedArray): TypedArray {
  const [source] = node.inputs;
  const strides = stridesOf(source.shape);
  const from = (index: number[]): number => {
    if (node.is("permute"))
      return dot(
        index,
        node.attrs.order.map((axis) => strides[axis]),
      );
    if (node.is("expand"))
      return dot(
        index,
        strides.map((s, i) => (source.shape[i] === 1 ? 0 : s)),
      );
    if (node.is("slice"))
      return dot(
        index.map((n, i) => n + node.attrs.start[i]),
        strides,
      );
    if (node.is("flip"))
      return dot(
        index.map((n, i) => (node.attrs.axes.includes(i) ? node.shape[i] - 1 - n : n)),
        strides,
      );
    if (node.is("window")) {
      const { axis, stride, dilation } = node.attrs;
      const along = index[axis] * stride + index[axis + 1] * dilation;
      return dot([...index.slice(0, axis), along, ...index.slice(axis + 2)], strides);
    }
    if (!node.is("pad")) throw new InternalError(`the reference backend does not know ${node.op}`);
    const inner = index.map((n, i) => n - node.attrs.before[i]);
    return inner.every((n, i) => n >= 0 && n < source.shape[i]) ? dot(inner, strides) : -1;
  };
  eachIndex(node.shape, (index, flat) => {
    const place = from(index);
    out[flat] = place < 0 ? 0 : x[place];
  });
  return out;
}
