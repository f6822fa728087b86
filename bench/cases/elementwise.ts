import { type Goal, share } from "../goals.ts";
import { Random } from "../random.ts";
import { type Case, size, type Variant, type Work } from "./case.ts";
import { sumTolerances, uniform } from "./tensors.ts";

/** Maps x <- f(x): tanh(x), exp(-x), and a chain of eight operations. */
export const elementwise: Case = {
  name: "elementwise",
  title: "one function of every element, in place",
  variants: ["tanh", "exp", "chain"].flatMap((name) => [1e3, 1e5, 1e7].map((n) => variant(name, n))),
  data: (sizes) => ({ x: uniform(new Random(`elementwise ${size(sizes, "n")}`), [size(sizes, "n")]) }),
  tolerances: (reference, sizes) => sumTolerances(reference, size(sizes, "n")),
};

function variant(name: string, n: number): Variant {
  const goals: Goal[] = [];
  // 10^7 elements pass through memory: read once and written once. Fewer stay in the cache.
  const work: Work =
    n === 1e7 ? { amount: 8 * n, unit: "byte", ceiling: "memory" } : { amount: n, unit: "element", ceiling: "clock" };
  if (name === "chain" && n === 1e7) {
    goals.push(share("pondus-native-1", 0.8, work.amount, "memory", "share of one core's memory bandwidth"));
  }
  if (name === "tanh" && n < 1e7) goals.push(share("pondus-native-1", 0.5, n, "clock", "elements per cycle"));
  return { name: `${name} 1e${Math.log10(n)}`, sizes: { function: name, n }, work, goals };
}
