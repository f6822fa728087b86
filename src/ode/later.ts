import type { Tensor } from "../tensor/tensor.ts";
import type { Rate } from "./rate.ts";

/**
 * A rate that counts the time from `start`. Solvers work in the time since the first one: a step keeps its length where
 * the time itself is large, as in seconds since 1970, of which float32 holds every 128th.
 */
export function later(rate: Rate, start: Tensor | number): Rate {
  if (start === 0) return rate;
  const shifted: Rate = (y, t) => rate(y, t.add(start));
  if (!("acceleration" in rate)) return shifted;
  const acceleration = rate.acceleration as Rate;
  // The time of a trajectory is 1 along the state's axes, of which places have one fewer.
  const ofPlaces = typeof start === "number" || start.rank === 0 ? start : start.at(0);
  return Object.assign(shifted, { acceleration: (q: Tensor, t: Tensor) => acceleration(q, t.add(ofPlaces)) });
}
