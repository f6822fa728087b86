import { PondusError } from "../graph/errors.ts";
import { full } from "../tensor/functions.ts";
import { intoSquareRange } from "../tensor/reduction/square-range.ts";
import { type Tensor, where } from "../tensor/tensor.ts";
import { largest } from "./vector.ts";

/** Gradients to gradients, all parameters together. */
export type Clip = (gradients: readonly Tensor[]) => Tensor[];

/**
 * Scales all gradients by limit / norm where their common Euclidean norm exceeds `limit` (Pascanu et al., ICML 2013),
 * and leaves them as they are where it does not. Finite gradients stay finite however large they are; one that is NaN or
 * infinite makes weights that are not finite, which `fit` reports.
 *
 * @throws `optim.option` unless `limit` is positive
 */
export function clipByGlobalNorm(limit: number): Clip {
  if (!(limit > 0)) {
    throw new PondusError("optim.option", `clipByGlobalNorm: the limit must be positive, but ${limit} came.`);
  }
  return (gradients) => {
    const some = gradients.filter((g) => g.size > 0);
    if (some.length === 0) return [...gradients];
    const dtype = some.some((g) => g.dtype === "float64") ? "float64" : "float32";
    const same = some.map((g) => g.cast(dtype));
    const scale = intoSquareRange(largest(same));
    const squares = same.map((g) => g.mul(scale).square().sum());
    const norm = squares.reduce((sum, x) => sum.add(x)).sqrt();
    const exceeds = norm.gt(scale.mul(limit));
    // In two factors: limit / norm itself may be out of range.
    const [near, short] = [where(exceeds, scale, 1), where(exceeds, full([], limit, dtype).div(norm), 1)];
    return gradients.map((g) => g.mul(near.cast(g.dtype)).mul(short.cast(g.dtype)));
  };
}
