import { isConstant } from "../../graph/body.ts";
import { controlOf } from "../../graph/control.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { rewrite, substitute, withInputs } from "../../graph/walk.ts";
import { mapBodies } from "./bodies.ts";

/**
 * Makes literals of the constants that a person made leaves of: once derivatives are written, equal ones are one. A loop or
 * branch that captured one has it inside.
 */
export function literals(roots: readonly Node[]): Node[] {
  return rewrite(roots, (node, inputs) => {
    if (node.is("constant")) return make("constant", [], { value: node.attrs.value, dtype: node.dtype });
    if (node.is("iota")) return make("iota", [], { length: node.attrs.length });
    return withLiteralsInside(mapBodies(withInputs(node, inputs), literals));
  });
}

/** What a loop or branch captured; but not how often a loop runs, which it is told from outside. */
function withLiteralsInside(node: Node): Node {
  const literal = (controlOf(node)?.captured ?? []).filter(({ input }) => isConstant(input));
  const inside = new Map(literal.map(({ formal, input }) => [formal, input]));
  return inside.size === 0 ? node : mapBodies(node, (outputs) => substitute(outputs, inside));
}
