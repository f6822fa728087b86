import { isConstant } from "../../graph/body.ts";
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

function withLiteralsInside(node: Node): Node {
  const inside = new Map<Node, Node>();
  for (const [formal, source] of capturesOf(node)) if (isConstant(source)) inside.set(formal, source);
  return inside.size === 0 ? node : mapBodies(node, (outputs) => substitute(outputs, inside));
}

/** What a loop or branch captured, and from where; but not how often a loop runs, which it is told from outside. */
function capturesOf(node: Node): [Node, Node][] {
  if (!node.is("scan") && !node.is("while") && !node.is("cond")) return [];
  const { captured } = node.attrs;
  const from = node.inputs.length - captured.length;
  const count = node.is("scan") ? node.attrs.count : undefined;
  return captured.flatMap((formal, i): [Node, Node][] => (formal === count ? [] : [[formal, node.inputs[from + i]]]));
}
