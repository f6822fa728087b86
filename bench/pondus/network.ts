import type { DType, Tensor } from "pondus";
import type { CaseData } from "./data.ts";

export type Layers = readonly { readonly w: Tensor; readonly b: Tensor }[];

/** Weights w0, b0, w1, ... as parameters that start from the data. */
export function layersOf(data: CaseData, dtype: DType = "float32"): Layers {
  const layers: { w: Tensor; b: Tensor }[] = [];
  while (data.has(`w${layers.length}`)) {
    const i = layers.length;
    layers.push({ w: data.parameter(`w${i}`, dtype), b: data.parameter(`b${i}`, dtype) });
  }
  return layers;
}

/** A dense network; the last layer has no activation. */
export function network(layers: Layers, activation: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return layers.reduce((y, { w, b }, i) => {
    const z = y.matmul(w).add(b);
    return i === layers.length - 1 ? z : activation(z);
  }, x);
}
