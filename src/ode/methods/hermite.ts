import type { Tensor } from "../../tensor/tensor.ts";

/**
 * The cubic through both ends of a step with the rates there (Hairer, Norsett & Wanner, Solving Ordinary Differential
 * Equations I, 1993, II.6): the state at t + theta h, to fourth order in h.
 */
export function hermite(y: Tensor, end: Tensor, first: Tensor, last: Tensor, h: Tensor, theta: Tensor): Tensor {
  const rise = end.sub(y);
  const rest = theta.neg().add(1);
  const bend = rise
    .mul(theta.mul(-2).add(1))
    .add(first.mul(h).mul(theta.sub(1)))
    .add(last.mul(h).mul(theta));
  return y.add(theta.mul(rise)).sub(theta.mul(rest).mul(bend));
}
