import { full } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";

/**
 * x / sqrt(mean(x^2) + epsilon) over `axes`. Squares of numbers beyond the square root of what the type holds would overflow, and
 * those of tiny ones vanish, though the result is of order 1: there x is divided by its largest entry first.
 *
 * @param center  whether the mean is taken off first
 */
export function standardized(x: Tensor, axes: readonly number[], epsilon: number, center: boolean): Tensor {
  const distance = center ? x.sub(x.mean(axes, { keep: true })) : x;
  const scale = extreme(distance, axes);
  // Divided twice, for the scale's square is out of range.
  const [scaled, floor] = [distance.div(scale), full([], epsilon, x.dtype).div(scale).div(scale)];
  // One division for a sample, not one for each of its entries.
  return scaled.mul(scaled.square().mean(axes, { keep: true }).add(floor).sqrt().pow(-1));
}

/** The largest entry where its square is out of range, else 1. What comes of it does not depend on it: no gradient flows. */
function extreme(x: Tensor, axes: readonly number[]): Tensor {
  const largest = x.abs().max(axes, { keep: true }).stopGradient();
  const safe = x.dtype === "float64" ? 2 ** 500 : 2 ** 60;
  const outside = largest.gt(safe).or(largest.lt(1 / safe).and(largest.gt(0)));
  return where(outside, largest, 1);
}
