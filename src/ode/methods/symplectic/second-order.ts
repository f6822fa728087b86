import { stack } from "../../../tensor/functions.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Rate } from "../../rate.ts";

/** The second derivative of q, of its shape and type. */
export type Acceleration = (q: Tensor, t: Tensor) => Tensor;

/** The rate of a state [2, ...] whose row 0 is q and row 1 its velocity. */
export interface SecondOrder extends Rate {
  readonly acceleration: Acceleration;
}

/**
 * q'' = acceleration(q, t) as a rate, for any method; the symplectic ones need it in this form. Where the acceleration
 * depends on the velocity too, write the rate yourself.
 */
export function secondOrder(acceleration: Acceleration): SecondOrder {
  const rate = (y: Tensor, t: Tensor) => stack([y.at(1), acceleration(y.at(0), ofPlaces(t))]);
  return Object.assign(rate, { acceleration });
}

/** A time of each trajectory, which is 1 along the state's axes, along those of q. */
export const ofPlaces = (t: Tensor): Tensor => (t.rank > 0 ? t.at(0) : t);
