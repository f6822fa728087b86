import { type Goal, level } from "../goals.ts";
import type { Case, Variant } from "./case.ts";
import { proteins } from "./proteins.ts";

/** What the first two layers are tied by. */
const patterns = ["toeplitz", "blocks of 4 x 4", "blocks of 32 x 32", "shared rows", "random pairs", "two entries"];

/** A tied weight trains no slower than 1.2 times the free one. */
export const tied: Case = {
  name: "tied",
  title: "training step of the proteins net, its two large layers tied",
  participants: ["pondus-native-1", "pondus-native"],
  variants: ["free", ...patterns].map(variant),
  data: () => proteins.data({}),
};

function variant(name: string): Variant {
  const goal: Goal = level("pondus-native-1", 1.2, 1, { variant: "free", units: 1 }, "step");
  return { name, sizes: { pattern: name }, goals: name === "free" ? [] : [goal] };
}
