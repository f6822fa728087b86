import { PondusError } from "../../graph/errors.ts";
import type { Initializer } from "../../graph/parameter.ts";
import { sizeOf } from "../../graph/shape.ts";
import { uniform } from "../initializers.ts";

/** Into how many groups channels are divided. Throws `layer.size` unless they are whole numbers that divide. */
export function groupsOf(name: string, inputs: number, outputs: number, groups = 1): number {
  const whole = [inputs, outputs, groups].every((n) => Number.isInteger(n) && n > 0);
  if (whole && inputs % groups === 0 && outputs % groups === 0) return groups;
  throw new PondusError(
    "layer.size",
    `${name}: channels and groups must be whole numbers from 1, and ${groups} groups must divide both ${inputs} and ` +
      `${outputs} channels.`,
  );
}

/**
 * Uniform within +-sqrt(6 / (in + out)) (Glorot & Bengio, AISTATS 2010) for kernels [..., a, b, taps...] between a and b
 * channels: each number that goes in meets all taps, and so does each that goes out.
 *
 * @param places  axes before the channels
 */
export function channelInit(places: number): Initializer {
  return (random, shape) => {
    const [a, b, ...taps] = shape.slice(places);
    const limit = Math.sqrt(6 / (sizeOf(taps) * (a + b)));
    return uniform(-limit, limit)(random, shape);
  };
}
