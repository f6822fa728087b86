import { make, type Node } from "./node.ts";
import { sameShape, type TensorType } from "./shape.ts";
import { dependents, substitute, topological } from "./walk.ts";

let nextBound = 0;

/** A fresh formal parameter of a loop's or branch's body. */
export function bound({ shape, dtype }: TensorType): Node {
  return make("bound", [], { id: nextBound++, shape, dtype });
}

/** A body made self-contained: what it took from outside became formal parameters. */
export interface Closed {
  readonly outputs: Node[];
  readonly captured: Node[];
  readonly sources: Node[];
}

/**
 * Closes `outputs` over `formals`: the largest subexpressions that do not depend on a formal are computed once outside
 * (loop-invariant code motion) and come in as captured formals. Constants stay inside, and so does the spreading of what is
 * captured, by copies or by windows: it costs nothing there, and a gradient is then of what was spread.
 *
 * @param given  what formals stand for that the outputs were not written on
 */
export function close(
  outputs: readonly Node[],
  formals: readonly Node[],
  given: ReadonlyMap<Node, Node> = new Map(),
): Closed {
  const inside = dependents(outputs, [...formals, ...given.keys()]);
  const replacements = new Map<Node, Node>();
  const capture = (node: Node): void => {
    if (inside.has(node) || isConstant(node) || replacements.has(node)) return;
    if (spreads(node)) capture(node.inputs[0]);
    else replacements.set(node, bound(node));
  };
  for (const node of topological(outputs)) if (inside.has(node)) node.inputs.forEach(capture);
  outputs.forEach(capture);
  return {
    outputs: substitute(outputs, new Map([...given, ...replacements])),
    captured: [...replacements.values()],
    sources: [...replacements.keys()],
  };
}

/**
 * Closes a branch over all that existed before it was written (`since` is the id that the next node had then): what the
 * branch made stays inside, so that it runs only when the branch is taken. Data and parameters, which need no
 * computing, come from outside wherever they were made.
 */
export function closeBranch(outputs: readonly Node[], since: number): Closed {
  const replacements = new Map<Node, Node>();
  const seen = new Set<Node>();
  const visit = (node: Node) => {
    if (seen.has(node) || isConstant(node)) return;
    seen.add(node);
    if (node.id < since || node.inputs.length === 0) replacements.set(node, bound(node));
    else node.inputs.forEach(visit);
  };
  outputs.forEach(visit);
  return {
    outputs: substitute(outputs, replacements),
    captured: [...replacements.values()],
    sources: [...replacements.keys()],
  };
}

/** A view in which elements stand more than once. */
function spreads(node: Node): boolean {
  if (node.op === "permute") return spreads(node.inputs[0]);
  if (node.op === "reshape") {
    const long = (x: Node) => x.shape.filter((n) => n !== 1);
    return sameShape(long(node), long(node.inputs[0])) && spreads(node.inputs[0]);
  }
  return node.op === "expand" || node.op === "window";
}

/** Scalars, and scalars spread or counted: cheaper to make again than to load. */
function isConstant(node: Node): boolean {
  if (node.op === "constant" || node.op === "iota") return true;
  return (node.op === "expand" || node.op === "reshape") && isConstant(node.inputs[0]);
}
