import { faster, type Goal, share } from "../goals.ts";
import { Random } from "../random.ts";
import { type Case, type Sizes, size, type Variant } from "./case.ts";
import { sumTolerances, uniform } from "./tensors.ts";

/** Forms: "nn" a [m, k] times b [k, n]; "tn" with a stored as [k, m]; "nt" with b stored as [n, k]. */
const shapes: readonly [m: number, k: number, n: number, share: number, forms: readonly string[]][] = [
  [1024, 1024, 1024, 0.9, ["nn", "tn", "nt"]],
  [256, 100, 128, 0.85, ["nn", "tn", "nt"]],
  [64, 64, 64, 0.75, ["nn"]],
  [4096, 32, 32, 0.75, ["nn"]],
];

export const gemm: Case = {
  name: "gemm",
  title: "matrix product",
  variants: shapes.flatMap(([m, k, n, need, forms]) =>
    forms.map((form) => variant({ m, k, n, form }, 2 * m * k * n, form === "nn" ? need : 0.75)),
  ),
  data: ({ form, ...sizes }) => {
    const [m, k, n] = ["m", "k", "n"].map((name) => size(sizes, name));
    const random = new Random(`gemm ${m} ${k} ${n} ${form}`);
    const reach = 1 / Math.sqrt(k);
    return {
      a: uniform(random, form === "tn" ? [k, m] : [m, k], -reach, reach),
      b: uniform(random, form === "nt" ? [n, k] : [k, n], -reach, reach),
    };
  },
  tolerances: (reference, sizes) => sumTolerances(reference, size(sizes, "m") * size(sizes, "n")),
};

function variant(sizes: Sizes, flops: number, need: number): Variant {
  const { m, k, n, form } = sizes;
  const goals: Goal[] = [share("pondus-native-1", need, flops, "fma-f32", "share of the FMA peak of one core")];
  if (m === 1024 && form === "nn") goals.push(faster("pondus-native", 1.8, "pondus-native-1"));
  goals.push(faster("pondus-wasm", 1.6, "jax-js"));
  return { name: `${m}x${k}x${n} ${form}`, sizes, goals, work: { amount: flops, unit: "flop", ceiling: "fma-f32" } };
}
