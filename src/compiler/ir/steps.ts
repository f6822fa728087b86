import type { Index, Place, Step } from "./loop.ts";

/** A step with steps in it: a loop, or a branch. */
export type Nested<K> = Exclude<Step<K>, { kind: "launch" }>;

/** What a loop or a branch does: it reads its flag or its count, or runs steps. */
type Part<K> =
  | { readonly place: Place; readonly steps?: undefined }
  | { readonly place?: undefined; readonly steps: readonly Step<K>[] };

/** What a loop or a branch does in the order in which it does it, a loop again and again; nothing of a launch. */
export function partsOf<K>(step: Step<K>): readonly Part<K>[] {
  switch (step.kind) {
    case "launch":
      return [];
    case "branch":
      return [{ place: step.flag }, { steps: step.yes }, { steps: step.no }];
    case "while":
      return [{ steps: step.test }, { place: step.flag }, { steps: step.body }];
    case "repeat":
      return [...(step.count ? [{ place: step.count }] : []), { steps: step.body }];
  }
}

/** The steps inside a loop or a branch, in their order; none of a launch. */
export function childrenOf<K>(step: Step<K>): readonly Step<K>[] {
  return partsOf(step).flatMap((part) => part.steps ?? []);
}

/** The counter of a loop, and its iterations at most. */
export function counterOf<K>(step: Step<K>): { readonly index: Index; readonly iterations: number } | undefined {
  if (step.kind === "repeat") return { index: step.index, iterations: step.length };
  return step.kind === "while" ? { index: step.index, iterations: step.limit ?? Number.POSITIVE_INFINITY } : undefined;
}

/** The same loop or branch around other steps. */
export function mapSteps<K, L>(step: Nested<K>, change: (body: readonly Step<K>[]) => readonly Step<L>[]): Nested<L> {
  if (step.kind === "branch") return { ...step, yes: change(step.yes), no: change(step.no) };
  if (step.kind === "while") return { ...step, test: change(step.test), body: change(step.body) };
  return { ...step, body: change(step.body) };
}
