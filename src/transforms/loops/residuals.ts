import { type Control, slotsOf } from "../../graph/control.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise, ops } from "../../graph/ops.ts";
import { bytesIn } from "../../graph/shape.ts";
import { dependents, topological } from "../../graph/walk.ts";

/** What a backward loop needs of the forward one, step by step. */
export interface Residuals {
  /** Values that the forward loop must stack. */
  readonly saved: Node[];
  /** Sequences and captured formals that the backward body reads as they are. */
  readonly uses: ReadonlySet<Node>;
}

/** Cheaper to compute again from its operands than to keep. */
function isCheap(node: Node): boolean {
  return ops[node.op].class === "movement" || (isElementwise(node.op) && ops[node.op].flops <= 3);
}

/**
 * Chooses which forward values to keep: the border between what depends on forward formals only and what the backward
 * formals reach. A border value that is cheap to make again from values kept anyway, or from smaller ones, is not kept
 * itself (so tanh keeps its result once, not also one minus its square).
 */
export function residuals(outputs: readonly Node[], backwardFormals: readonly Node[], loop: Control): Residuals {
  const backward = dependents(outputs, backwardFormals);
  const formals = (control: Control) => slotsOf(control).map((s) => s.formal);
  const free = new Set(formals({ ...loop, carry: [] }));
  const varying = dependents(
    outputs,
    [...loop.carry, ...loop.xs].map((s) => s.formal),
  );
  const border = new Set<Node>();
  for (const node of topological(outputs)) {
    if (backward.has(node)) for (const x of node.inputs) if (!backward.has(x)) border.add(x);
  }
  for (const y of outputs) if (!backward.has(y)) border.add(y);

  const saved = new Set<Node>();
  /** The values from which `node` can be made again cheaply; itself when it cannot. */
  const sources = (node: Node, known = new Map<Node, Set<Node>>()): Set<Node> => {
    const found = known.get(node) ?? findSources(node, known);
    known.set(node, found);
    return found;
  };
  const findSources = (node: Node, known: Map<Node, Set<Node>>): Set<Node> => {
    if (free.has(node) || saved.has(node) || !varying.has(node)) return new Set();
    if (!isCheap(node)) return new Set([node]);
    const union = new Set<Node>();
    for (const x of node.inputs) for (const s of sources(x, known)) union.add(s);
    const total = [...union].reduce((sum, s) => sum + bytesIn(s), 0);
    return total <= bytesIn(node) ? union : new Set([node]);
  };
  const needed = [...border].filter((n) => varying.has(n));
  for (const node of needed) if (!isCheap(node) && !free.has(node)) saved.add(node);
  for (const node of needed) for (const s of sources(node)) saved.add(s);

  const uses = new Set<Node>();
  const seen = new Set<Node>();
  const visit = (node: Node) => {
    if (seen.has(node) || saved.has(node)) return;
    seen.add(node);
    if (free.has(node)) uses.add(node);
    node.inputs.forEach(visit);
  };
  outputs.forEach(visit);
  return { saved: [...saved], uses };
}
