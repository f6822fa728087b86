import type { TypedArray } from "../../graph/dtype.ts";
import type { Combine, Node } from "../../graph/node.ts";
import { around } from "./indices.ts";

export function gather(node: Node<"gather">, x: TypedArray, index: TypedArray, out: TypedArray): TypedArray {
  const { before, size, after, clamp } = around(node.inputs[0].shape, node.attrs.axis);
  for (let b = 0, o = 0; b < before; b++) {
    for (const i of index) for (let a = 0; a < after; a++) out[o++] = x[(b * size + clamp(i)) * after + a];
  }
  return out;
}

/** Sums are kept in float64 and rounded once. */
export function scatter(node: Node<"scatter">, index: TypedArray, x: TypedArray, out: TypedArray): TypedArray {
  const { before, size, after, clamp } = around(node.shape, node.attrs.axis);
  const total = new Float64Array(out.length);
  for (let b = 0, o = 0; b < before; b++) {
    for (const i of index) for (let a = 0; a < after; a++) total[(b * size + clamp(i)) * after + a] += x[o++];
  }
  if (node.dtype === "int32") return out.map((_, i) => total[i] | 0);
  out.set(total);
  return out;
}

const combined: { readonly [K in Combine]: (old: number, update: number) => number } = {
  set: (_, update) => update,
  min: Math.min,
  max: Math.max,
  mul: (old, update) => old * update,
};

/** One update after another, each rounded. */
export function scatterInto(
  node: Node<"scatterInto">,
  [index, x, base]: readonly TypedArray[],
  out: TypedArray,
): TypedArray {
  const { before, size, after, clamp } = around(node.shape, node.attrs.axis);
  const combine = node.dtype === "int32" && node.attrs.combine === "mul" ? Math.imul : combined[node.attrs.combine];
  out.set(base);
  for (let b = 0, o = 0; b < before; b++) {
    for (const i of index) {
      for (let a = 0; a < after; a++, o++) {
        const place = (b * size + clamp(i)) * after + a;
        out[place] = combine(out[place], x[o]);
      }
    }
  }
  return out;
}
