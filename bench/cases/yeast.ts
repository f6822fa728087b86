import { faster } from "../goals.ts";
import { Random } from "../random.ts";
import type { Case } from "./case.ts";
import { dense, fill, glorot } from "./tensors.ts";

/** T. Carlson, Biochem. Z. 57:313 (1913), hour by hour. */
const carlson = [
  9.6, 18.3, 29.0, 47.2, 71.1, 119.1, 174.6, 257.3, 350.7, 441.0, 513.3, 559.7, 594.8, 629.4, 640.8, 651.1, 655.9,
  659.6, 661.8,
];

export const yeast: Case = {
  name: "yeast",
  title: "training step of a neural ODE 1-32-32-1 tanh, 19 times, RK4, 10 substeps each, Adam",
  variants: [{ name: "step", sizes: {}, goals: [faster("native", 3, "jax"), faster("native", 50, "pytorch")] }],
  data: () => ({
    times: fill([carlson.length], (i) => i),
    values: fill([carlson.length, 1], (i) => carlson[i] / 665),
    // Small at first, so that the path through eighteen hours stays where the measurements are.
    ...dense(new Random("yeast"), [1, 32, 32, 1], (inputs, outputs) => glorot(inputs, outputs) / 2),
  }),
};
