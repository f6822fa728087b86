import type { Operand, Tensor } from "../../tensor/tensor.ts";

/**
 * The rate of change of two kinds that live together (Lotka 1925, Volterra 1926): dx/dt = x (growth_x + interaction_x y), and
 * the same of y. Prey grows by itself and is eaten (+, -); a predator starves by itself and eats (-, +).
 *
 * @param x                  numbers of both kinds, [..., 2]
 * @param knobs.growth       per unit of time, [..., 2]
 * @param knobs.interaction  per unit of time and of the other kind, [..., 2]
 * @returns                  dx/dt, [..., 2]
 */
export function lotkaVolterra(x: Tensor, knobs: { growth: Operand; interaction: Operand }): Tensor {
  return x.mul(x.flip(-1).mul(knobs.interaction).add(knobs.growth));
}
