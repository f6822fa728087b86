import { faster } from "../goals.ts";
import { Random } from "../random.ts";
import type { Case } from "./case.ts";
import { uniform } from "./tensors.ts";

const [batch, steps, inputs, units] = [32, 64, 128, 128];
const gates = 4 * units;

/** Forward, the gradients of both weights, and that of the state before each step but not of x. */
const flops = 2 * batch * steps * gates * (2 * (inputs + units) + units);

/**
 * One layer of long short-term memory (Hochreiter & Schmidhuber, Neural Comput. 9(8), 1997; with forget gates after
 * Gers, Schmidhuber & Cummins, Neural Comput. 12(10), 2000) from a state of zeros. Gates stand in the order input,
 * forget, cell, output; there are two biases, as in PyTorch, and both are trained.
 */
export const lstm: Case = {
  name: "lstm",
  title: "training step of an LSTM of 128 units, 128 inputs, 64 steps, batch 32, mean squared error, Adam",
  variants: [
    {
      name: "step",
      sizes: {},
      work: { amount: flops, unit: "flop", ceiling: "fma-f32" },
      goals: [faster("native", 2, "pytorch"), faster("native", 1.2, "jax")],
    },
  ],
  data: () => {
    const random = new Random("lstm");
    const reach = 1 / Math.sqrt(units);
    return {
      x: uniform(random, [batch, steps, inputs]),
      y: uniform(random, [batch, steps, units]),
      weight_ih: uniform(random, [gates, inputs], -reach, reach),
      weight_hh: uniform(random, [gates, units], -reach, reach),
      bias_ih: uniform(random, [gates], -reach, reach),
      bias_hh: uniform(random, [gates], -reach, reach),
    };
  },
};
