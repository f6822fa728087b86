import type { Operand, Tensor } from "../../tensor/tensor.ts";

/**
 * The logistic law in closed form (Verhulst 1838): N(t) = K / (1 + (K / N0 - 1) exp(-r t)), which solves
 * dN/dt = r N (1 - N / K), N(0) = N0.
 *
 * @param t                   times, any shape
 * @param knobs.rate          r, growth rate at small N, per unit of `t`
 * @param knobs.capacity      K, the ceiling, in the units of N
 * @param knobs.start         N0, in the units of N
 * @returns                   N(t), of the shape of `t` (broadcast with the knobs)
 */
export function logistic(t: Tensor, knobs: { rate: Operand; capacity: Tensor; start: Operand }): Tensor {
  const { rate, capacity, start } = knobs;
  const decay = t.mul(rate).neg().exp();
  return capacity.div(capacity.div(start).sub(1).mul(decay).add(1));
}

/**
 * Its rate of change, r N (1 - N / K).
 *
 * @param n               N, any shape
 * @param knobs.rate      r, per unit of time
 * @param knobs.capacity  K, in the units of N
 * @returns               dN/dt, of the shape of `n` (broadcast with the knobs)
 */
export function logisticRate(n: Tensor, knobs: { rate: Operand; capacity: Operand }): Tensor {
  return n.mul(knobs.rate).mul(n.div(knobs.capacity).neg().add(1));
}
