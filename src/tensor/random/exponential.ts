import type { DType } from "../../graph/dtype.ts";
import type { Shape } from "../../graph/shape.ts";
import type { Tensor } from "../tensor.ts";
import { log } from "./elementary.ts";
import { insideUnit } from "./uniform.ts";

/**
 * Exponential with mean 1, by inversion; never 0. With `.div(rate)` gradients reach the rate.
 */
export function exponential(k: Tensor, shape: Shape, dtype: DType = "float32"): Tensor {
  return log(insideUnit(k, shape, dtype)).neg();
}

/** Gumbel's standard distribution of largest values: location 0, scale 1, mean 0.577 (Euler's constant). */
export function gumbel(k: Tensor, shape: Shape, dtype: DType = "float32"): Tensor {
  // Below 2^6, as log wants it.
  return log(exponential(k, shape, dtype).mul(2 ** -6), 6).neg();
}

/**
 * Places along an axis, each drawn with the chance that the softmax of the logits gives it, int32 of the logits' other
 * axes: the largest of logits with Gumbel noise (Gumbel, Statistical Theory of Extreme Values, 1954). A logit of minus
 * infinity is never drawn. For several draws, expand the logits.
 *
 * @param logits  logarithms of chances, up to a constant; a float tensor
 */
export function categorical(k: Tensor, logits: Tensor, axis = -1): Tensor {
  return logits.add(gumbel(k, logits.shape, logits.dtype)).argmax(axis);
}
