import type { Tensor } from "../../tensor/tensor.ts";

/** Below it the series is exact to rounding, and the quotient's derivative is not. */
const small = 1e-2;

/**
 * (1 - exp(-x)) / x for x from 0 on, and 1 at 0: the mean of exp(-x s) over s from 0 to 1. With it
 * dz/dt = v - z / T comes after a time h to z exp(-h / T) + v h meanDecay(h / T), for T without end too.
 */
export function meanDecay(x: Tensor): Tensor {
  const near = x.lt(small);
  const far = near.where(1, x);
  const series = [1 / 120, -1 / 24, 1 / 6, -1 / 2].reduce<Tensor>((sum, c) => sum.add(c).mul(x), x.mul(0)).add(1);
  return near.where(series, far.neg().expm1().neg().div(far));
}
