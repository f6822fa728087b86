import { faster } from "../goals.ts";
import { Random } from "../random.ts";
import type { Case } from "./case.ts";
import { dense, he, stepFlops, uniform } from "./tensors.ts";

const batch = 256;
export const proteinsWidths = [100, 128, 64, 1];

export const proteins: Case = {
  name: "proteins",
  title: "training step 100-128-64-1 relu, batch 256, mean squared error, Adam",
  variants: [
    {
      name: "step",
      sizes: {},
      work: { amount: stepFlops(batch, proteinsWidths), unit: "flop", ceiling: "fma-f32" },
      goals: [
        faster("native", 3, "pytorch"),
        faster("native", 1.5, "jax"),
        faster("native", 10, "jax-js"),
        faster("native", 40, "tfjs"),
        faster("pondus-wasm", 2.5, "jax-js"),
      ],
    },
  ],
  data: () => {
    const random = new Random("proteins");
    return {
      x: uniform(random, [batch, proteinsWidths[0]]),
      y: uniform(random, [batch, 1]),
      ...dense(random, proteinsWidths, he),
    };
  },
};
