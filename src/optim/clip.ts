import { PondusError } from "../graph/errors.ts";
import { full } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";

/** Gradients to gradients, all parameters together. */
export type Clip = (gradients: readonly Tensor[]) => Tensor[];

/**
 * Scales all gradients by limit / norm where their common Euclidean norm exceeds `limit` (Pascanu et al., ICML 2013),
 * and leaves them as they are where it does not.
 *
 * @throws `optim.clip` unless `limit` is positive
 */
export function clipByGlobalNorm(limit: number): Clip {
  if (!(limit > 0)) {
    throw new PondusError("optim.clip", `clipByGlobalNorm: the limit must be positive, but ${limit} came.`);
  }
  return (gradients) => {
    const dtype = gradients.some((g) => g.dtype === "float64") ? "float64" : "float32";
    const squares = gradients.map((g) => g.square().sum().cast(dtype));
    const norm = squares.reduce((sum, x) => sum.add(x)).sqrt();
    const scale = where(norm.gt(limit), full([], limit, dtype).div(norm), 1);
    return gradients.map((g) => g.mul(scale.cast(g.dtype)));
  };
}
