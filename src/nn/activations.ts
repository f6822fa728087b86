import { labelled } from "../graph/origin.ts";
import { type Tensor, where } from "../tensor/tensor.ts";
import { type Layer, layer } from "./layer.ts";

/** A function of one number, element by element, as a layer without knobs. */
function activation(name: string, f: (x: Tensor) => Tensor): Layer {
  return layer(name, (x) => labelled(name, () => f(x)));
}

export const tanh = activation("tanh", (x) => x.tanh());

/** 1 / (1 + exp(-x)). */
export const sigmoid = activation("sigmoid", (x) => x.sigmoid());

/** max(x, 0). The derivative at 0 is 0; NaN stays NaN. */
export const relu = activation("relu", (x) => where(x.le(0), 0, x));

/** x for positive x, else 0.01 x; the derivative at 0 and at NaN is 0.01. */
export const leakyRelu = activation("leakyRelu", (x) => where(x.gt(0), x, x.mul(0.01)));

/** x for positive x, else exp(x) - 1 (Clevert et al., ICLR 2016, with alpha = 1). */
export const elu = activation("elu", (x) => {
  const low = x.le(0);
  return where(low, where(low, x, 0).expm1(), x);
});

/** log(1 + exp(x)). */
export const softplus = activation("softplus", (x) => x.softplus());

/** x sigmoid(x), also called swish. */
export const silu = activation("silu", (x) => x.mul(x.sigmoid()));

/** x times the normal distribution function at x (Hendrycks & Gimpel, arXiv:1606.08415), exact. */
export const gelu = activation("gelu", (x) => x.mul(x.normalCdf()));

/** The tanh approximation of `gelu` (same paper), which some published weights were trained with: (1 + tanh u) / 2 is sigmoid(2 u). */
export const geluTanh = activation("geluTanh", (x) => {
  const twice = x.add(x.pow(3).mul(0.044715)).mul(2 * Math.sqrt(2 / Math.PI));
  return x.mul(twice.sigmoid());
});
