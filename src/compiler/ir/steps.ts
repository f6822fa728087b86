import type { Step } from "./loop.ts";

/** A step with steps in it: a loop, or a branch. */
export type Nested<K> = Exclude<Step<K>, { kind: "launch" }>;

/** The steps inside a loop or a branch, in their order. */
export function bodiesOf<K>(step: Nested<K>): readonly (readonly Step<K>[])[] {
  if (step.kind === "branch") return [step.yes, step.no];
  return step.kind === "while" ? [step.test, step.body] : [step.body];
}

/** The same loop or branch around other steps. */
export function withBodies<K, L>(step: Nested<K>, change: (body: readonly Step<K>[]) => readonly Step<L>[]): Nested<L> {
  if (step.kind === "branch") return { ...step, yes: change(step.yes), no: change(step.no) };
  if (step.kind === "while") return { ...step, test: change(step.test), body: change(step.body) };
  return { ...step, body: change(step.body) };
}
