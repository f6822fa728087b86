import { share } from "../goals.ts";
import { Random } from "../random.ts";
import type { Case } from "./case.ts";
import { convolution, he, sumTolerances, uniform } from "./tensors.ts";

const [batch, places, channels, size] = [8, 56, 64, 3];
const shape = [batch, places, places, channels];
const count = batch * places * places * channels;
const weights = channels * channels * size * size;
/** Every place of the kernel for every place of the image: what meets the zeros around it counts too. */
const flops = 2 * count * channels * size * size;

/**
 * y = x * kernel, and from a given `dy` the gradients dx and dkernel. `x`, `y` and `dy` have channels last; `kernel0`
 * is [outputs, inputs, height, width].
 */
export const conv: Case = {
  name: "conv",
  title: "convolution 3x3 of 64 to 64 channels on 8 images of 56x56, padding 1",
  variants: [
    {
      name: "forward",
      sizes: { what: "forward" },
      work: { amount: flops, unit: "flop", ceiling: "fma-f32" },
      goals: [share("pondus-native-1", 0.7, flops, "fma-f32", "share of the FMA peak of one core")],
    },
    {
      name: "gradients",
      sizes: { what: "gradients" },
      work: { amount: 2 * flops, unit: "flop", ceiling: "fma-f32" },
      goals: [],
    },
  ],
  data: ({ what }) => {
    const random = new Random(`conv ${what}`);
    const { kernel0 } = convolution(random, 0, [channels, channels, size], he);
    return { kernel0, x: uniform(random, shape), ...(what === "gradients" ? { dy: uniform(random, shape) } : {}) };
  },
  // Of y alone, or of dx and then of the kernel's gradient.
  tolerances: (reference, { what }) =>
    what === "forward"
      ? sumTolerances(reference, count)
      : [...sumTolerances(reference.slice(0, 4), count), ...sumTolerances(reference.slice(4), weights)],
};
