import { type Tensor, where } from "../../tensor/tensor.ts";
import type { Stepper } from "../methods/stepper.ts";
import type { Rate } from "../rate.ts";

/**
 * Where the next step must end at the latest: the nearest stop ahead, or the end.
 *
 * @param stops  [stops, ...], in any order, with the axes of `t` or 1 in their place
 */
export function nextStop(stops: Tensor, t: Tensor, end: Tensor, direction: Tensor): Tensor {
  const ahead = stops.sub(t).mul(direction).gt(0);
  const nearest = where(ahead, stops.mul(direction), Number.POSITIVE_INFINITY).min(0);
  return nearest.minimum(end.mul(direction)).mul(direction);
}

/**
 * A method that asks for the rate inside its steps alone: what jumps at a stop must not be seen from the other side. So the
 * rate at a step's end is not that of the next one's start, and each step calls for its own.
 *
 * @param start  the first time, from which the solver counts
 */
export function insideSteps(stepper: Stepper, start: Tensor | number): Stepper {
  const late = typeof start === "number" ? Math.abs(start) : start.abs().max();
  const step: Stepper["step"] = (rate, y, t, h) => {
    const eps = t.dtype === "float64" ? 2 ** -52 : 2 ** -23;
    const margin = t
      .abs()
      .add(late)
      .add(h.abs())
      .mul(4 * eps)
      .minimum(h.abs().mul(0.25))
      .mul(h.sign());
    const [from, to] = [t.add(margin), t.add(h).sub(margin)];
    const [low, high] = [from.minimum(to), from.maximum(to)];
    const inside: Rate = (state, time) => {
      const held = time.maximum(low).minimum(high);
      return rate(state, time.add(held.sub(time).stopGradient()));
    };
    return { ...stepper.step(kept(rate, inside), y, t, h), last: undefined };
  };
  const evaluations = stepper.evaluations + (stepper.chains ? 1 : 0);
  return { ...stepper, evaluations, chains: false, step };
}

/** Whatever else a rate has stays with it. */
const kept = (rate: Rate, inside: Rate): Rate => Object.assign(inside, rate);
