import type { DType } from "../graph/dtype.ts";
import type { Shape } from "../graph/shape.ts";
import { isLayer } from "../nn/layer.ts";
import { type Model, parametersOf } from "../nn/model.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A model as what it computes: one tensor from another. */
export interface Network {
  /** The shape of one sample; a batch has one more axis, before it. */
  readonly input: Shape;
  readonly dtype: DType;
  readonly apply: (x: Tensor) => Tensor;
}

/** What of a network the model alone does not say. */
export interface NetworkOptions {
  /** The shape of one sample (default: what the model's first layer takes). */
  readonly input?: Shape;
  /** How the model is applied to a batch (default: the model itself, when it is a layer). */
  readonly apply?: (x: Tensor) => Tensor;
}

/** Undefined for a model that does not say what it takes, or how it is applied. */
export function networkOf(model: Model, options: NetworkOptions): Network | undefined {
  const layer = isLayer(model) ? model : undefined;
  const { input = layer?.takes, apply = layer } = options;
  const [first] = Object.values(parametersOf(model));
  return input && apply && { input, apply, dtype: first?.dtype ?? "float32" };
}
