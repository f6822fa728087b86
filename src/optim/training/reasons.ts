import { interpret } from "../../backends/reference/interpret.ts";
import type { Node, Reason } from "../../graph/node.ts";
import { topological } from "../../graph/walk.ts";

/**
 * What the parts of a program that can fail say of themselves, such as a solver that gave up: of those that `roots` need, at the
 * present values of the parameters. Undefined when all of them went well.
 */
export function reasonOf(roots: readonly Node[]): string | undefined {
  const nodes = new Set(topological(roots));
  const reasons = new Set<Reason>();
  for (const { origin } of nodes) if (origin?.reason && nodes.has(origin.reason.of)) reasons.add(origin.reason);
  for (const { from, tell } of reasons) {
    // What a loop's iteration computes, or an input decides, is known there alone.
    const isKnown = topological(from).every((x) => !x.is("formal") && !x.is("input"));
    const told = isKnown ? tell(interpret(from, { input: () => [] as never, parameter: (p) => p.read() })) : undefined;
    if (told) return told;
  }
  return undefined;
}
