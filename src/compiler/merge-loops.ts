import { make, type Node } from "../graph/node.ts";
import type { ScanAttrs } from "../graph/ops.ts";
import { rewrite, topological, withInputs } from "../graph/walk.ts";
import { mapBodies } from "./bodies.ts";

/**
 * Merges loops that run the same body: derivatives keep a loop's formal parameters, so a loop, the same loop with its
 * tangents, and the same loop that also stacks what the backward pass needs are recognised by sharing a formal. One
 * loop with all carries, sequences and outputs takes their place.
 */
export function mergeLoops(roots: readonly Node[]): Node[] {
  let current = [...roots];
  for (;;) {
    const pair = findPair(current);
    if (!pair) return rewrite(current, (node, inputs) => mapBodies(withInputs(node, inputs), mergeLoops));
    const merged = union(pair[0], pair[1]);
    const slot = (loop: Node<"scan">, index: number): number => {
      const { carry, next } = loop.attrs;
      if (index < carry.length) return merged.attrs.carry.indexOf(carry[index]);
      const y = loop.attrs.ys[index - next.length];
      return merged.attrs.carry.length + merged.attrs.ys.indexOf(y);
    };
    current = rewrite(current, (node, inputs) => {
      const loop = pair.find((p) => p === node.inputs[0]);
      if (node.is("pick") && loop) return make("pick", [merged], { index: slot(loop, node.attrs.index) });
      return withInputs(node, inputs);
    });
  }
}

/** Two loops that share a formal, of which neither needs the other's result. */
function findPair(roots: readonly Node[]): [Node<"scan">, Node<"scan">] | undefined {
  const order = topological(roots);
  const byFormal = new Map<Node, Node<"scan">[]>();
  for (const node of order) {
    if (!node.is("scan")) continue;
    for (const formal of [...node.attrs.carry, ...node.attrs.xs]) {
      for (const other of byFormal.get(formal) ?? []) {
        if (agree(other, node) && !reaches(node, other)) return [other, node];
      }
      byFormal.set(formal, [...(byFormal.get(formal) ?? []), node]);
    }
  }
  return undefined;
}

function reaches(from: Node, to: Node): boolean {
  return topological([from]).includes(to);
}

type Slot = { formal: Node; input: Node; next?: Node };

function slots(loop: Node<"scan">): { carry: Slot[]; xs: Slot[]; captured: Slot[] } {
  const { carry, xs, captured, next } = loop.attrs;
  const [c, x] = [carry.length, carry.length + xs.length];
  return {
    carry: carry.map((formal, i) => ({ formal, input: loop.inputs[i], next: next[i] })),
    xs: xs.map((formal, i) => ({ formal, input: loop.inputs[c + i] })),
    captured: captured.map((formal, i) => ({ formal, input: loop.inputs[x + i] })),
  };
}

/** Whatever both have, they have alike. */
function agree(a: Node<"scan">, b: Node<"scan">): boolean {
  if (a.attrs.length !== b.attrs.length || a.attrs.reverse !== b.attrs.reverse) return false;
  const [p, q] = [slots(a), slots(b)];
  const known = new Map([...p.carry, ...p.xs, ...p.captured].map((s) => [s.formal, s]));
  return [...q.carry, ...q.xs, ...q.captured].every((s) => {
    const other = known.get(s.formal);
    return !other || (other.input === s.input && other.next === s.next);
  });
}

function union(a: Node<"scan">, b: Node<"scan">): Node<"scan"> {
  const [p, q] = [slots(a), slots(b)];
  const join = (x: Slot[], y: Slot[]) => [...x, ...y.filter((s) => !x.some((t) => t.formal === s.formal))];
  const [carry, xs, captured] = [join(p.carry, q.carry), join(p.xs, q.xs), join(p.captured, q.captured)];
  const attrs: ScanAttrs = {
    length: a.attrs.length,
    reverse: a.attrs.reverse,
    carry: carry.map((s) => s.formal),
    xs: xs.map((s) => s.formal),
    captured: captured.map((s) => s.formal),
    next: carry.map((s) => s.next as Node),
    ys: [...new Set([...a.attrs.ys, ...b.attrs.ys])],
  };
  return make(
    "scan",
    [...carry, ...xs, ...captured].map((s) => s.input),
    attrs,
  );
}
