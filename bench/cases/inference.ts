import { faster } from "../goals.ts";
import { Random } from "../random.ts";
import { type Case, size } from "./case.ts";
import { proteinsWidths } from "./proteins.ts";
import { dense, he, multiplications, sumTolerances, uniform } from "./tensors.ts";

export const inference: Case = {
  name: "inference",
  title: "forward pass 100-128-64-1 relu, from a host array to a host array",
  variants: [1, 4096].map((batch) => ({
    name: `batch ${batch}`,
    sizes: { batch },
    work: { amount: 2 * batch * multiplications(proteinsWidths), unit: "flop", ceiling: "fma-f32" },
    goals: [faster("native", 1.5, "onnxruntime")],
  })),
  data: (sizes) => {
    const random = new Random("inference");
    const weights = dense(random, proteinsWidths, he);
    return { x: uniform(random, [size(sizes, "batch"), proteinsWidths[0]]), ...weights };
  },
  tolerances: (reference, sizes) => sumTolerances(reference, size(sizes, "batch")),
};
