import { faster, share } from "../goals.ts";
import { Random } from "../random.ts";
import { type Case, type Data, type Sizes, size } from "./case.ts";
import { dense, he, oneHot, stepFlops, uniform } from "./tensors.ts";

export const deepWidths = (width: number) => [784, width, width, width, 10];

const flops = stepFlops(128, deepWidths(512));

export const deep: Case = {
  name: "deep",
  title: "training step 784-512-512-512-10 relu, batch 128, cross entropy, Adam",
  variants: [
    {
      name: "step",
      sizes: { batch: 128, width: 512 },
      work: { amount: flops, unit: "flop", ceiling: "fma-f32" },
      goals: [
        faster("native", 1, "jax"),
        faster("native", 1, "pytorch"),
        share("pondus-native-1", 0.7, flops, "fma-f32", "share of the FMA peak of one core"),
      ],
    },
  ],
  data: deepData,
};

export function deepData(sizes: Sizes): Data {
  const [batch, width] = [size(sizes, "batch"), size(sizes, "width")];
  const random = new Random(`deep ${batch} ${width}`);
  const y = oneHot(random, batch, 10);
  return {
    x: uniform(random, [batch, 784], 0, 1),
    y,
    ...dense(random, deepWidths(width), he),
  };
}
