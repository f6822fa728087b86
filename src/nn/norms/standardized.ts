import { intoSquareRange } from "../../tensor/reduction/square-range.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";

/**
 * x / sqrt(mean(x^2) + epsilon) over `axes`. The squares of large numbers overflow, and those of tiny ones vanish, though the result
 * is of order 1: they are brought into range first. Beside an epsilon what vanishes counts for nothing.
 *
 * @param center  whether the mean is taken off first
 */
export function standardized(x: Tensor, axes: readonly number[], epsilon: number, center: boolean): Tensor {
  return standardize(x, axes, epsilon, center).result;
}

/** As `standardized`, with the mean of the squares along the axes, which it computes on the way: with `center` the variance. */
export function standardize(
  x: Tensor,
  axes: readonly number[],
  epsilon: number,
  center: boolean,
): { readonly result: Tensor; readonly meanSquare: Tensor } {
  const distance = center ? x.sub(x.mean(axes, { keepDims: true })) : x;
  const into = intoSquareRange(distance.abs().max(axes, { keepDims: true }).stopGradient());
  const scale = epsilon > 0 ? where(into.gt(1), 1, into) : into;
  const [scaled, floor] = [distance.mul(scale), epsilon > 0 ? scale.mul(epsilon).mul(scale) : 0];
  const square = scaled.square().mean(axes, { keepDims: true });
  // One division for a sample, not one for each of its entries.
  const result = scaled.mul(square.add(floor).sqrt().pow(-1));
  return { result, meanSquare: square.div(scale).div(scale).sum(axes) };
}
