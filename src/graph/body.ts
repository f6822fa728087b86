import { make, newIdentity } from "./make.ts";
import type { Node } from "./node.ts";
import { sameShape, type TensorType } from "./shape.ts";
import { dependents, substitute, topological } from "./walk.ts";

/** A fresh formal parameter of a loop's or branch's body. */
export function formal({ shape, dtype }: TensorType): Node {
  return make("formal", [], { id: newIdentity(), shape, dtype });
}

/** What stands for a value in a body, and where it comes from. */
export interface Slot {
  readonly formal: Node;
  readonly input: Node;
}

/** A body made self-contained: what it took from outside became formal parameters. */
export interface Closed {
  readonly outputs: Node[];
  readonly captured: Slot[];
}

/**
 * Closes `outputs` over `formals`: the largest subexpressions that do not depend on a formal are computed once outside
 * (loop-invariant code motion) and come in as captured formals. Literals stay inside, with leaves that were made there, and
 * so does the spreading of what is captured, by copies or by windows: it costs nothing there, and a gradient is then of
 * what was spread.
 *
 * @param given    what formals stand for that the outputs were not written on
 * @param outside  nodes that are captured as they are, spread or not
 */
export function close(
  outputs: readonly Node[],
  formals: readonly Node[],
  given: ReadonlyMap<Node, Node> = new Map(),
  outside: ReadonlySet<Node> = new Set(),
): Closed {
  const inside = dependents(outputs, [...formals, ...given.keys()]);
  // A leaf that is younger than the formals was made by the body: its derivative cannot be asked for outside.
  const since = formals.reduce((least, x) => Math.min(least, identityOf(x)), Number.POSITIVE_INFINITY);
  const madeHere = (leaf: Node) => identityOf(leaf) > since;
  const replacements = new Map<Node, Node>();
  const capture = (node: Node): void => {
    if (inside.has(node) || isConstant(node, madeHere) || replacements.has(node)) return;
    if (spreads(node) && !outside.has(node)) capture(node.inputs[0]);
    else replacements.set(node, formal(node));
  };
  for (const node of topological(outputs)) if (inside.has(node)) node.inputs.forEach(capture);
  outputs.forEach(capture);
  return {
    outputs: substitute(outputs, new Map([...given, ...replacements])),
    captured: [...replacements].map(([input, formal]) => ({ formal, input })),
  };
}

/**
 * Closes a branch over all that it did not write itself: what it `wrote` stays inside, so that it runs only when the branch is
 * taken. Data and parameters, which need no computing, come from outside wherever they were made.
 */
export function closeBranch(outputs: readonly Node[], wrote: ReadonlySet<Node>): Closed {
  const madeHere = (leaf: Node) => wrote.has(leaf);
  return closeAt(outputs, (node) => !isConstant(node, madeHere) && (!wrote.has(node) || node.inputs.length === 0));
}

/** Closes `outputs` over a border: the first nodes on every way down that are `outside`. */
export function closeAt(outputs: readonly Node[], outside: (node: Node) => boolean): Closed {
  const replacements = new Map<Node, Node>();
  const seen = new Set<Node>();
  const visit = (node: Node) => {
    if (seen.has(node)) return;
    seen.add(node);
    if (outside(node)) replacements.set(node, formal(node));
    else node.inputs.forEach(visit);
  };
  outputs.forEach(visit);
  return {
    outputs: substitute(outputs, replacements),
    captured: [...replacements].map(([input, formal]) => ({ formal, input })),
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

/** Literals, and literals spread or counted: cheaper to make again than to load. Leaves of one's own are so where they were made. */
export function isConstant(node: Node, madeHere: (leaf: Node) => boolean = () => false): boolean {
  if (node.is("constant") || node.is("iota")) return node.attrs.own === undefined || madeHere(node);
  return (node.op === "expand" || node.op === "reshape") && isConstant(node.inputs[0], madeHere);
}

/** The identity of a formal, or of a leaf of one's own; others are as old as can be. */
function identityOf(node: Node): number {
  if (node.is("formal")) return node.attrs.id;
  return node.is("constant") || node.is("iota") ? (node.attrs.own ?? -1) : -1;
}
