import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import type { Loop } from "../../graph/types.ts";
import { rewrite, topological, withInputs } from "../../graph/walk.ts";
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
    const slot = (loop: Loop, index: number): number => {
      const { carry, ys } = loop.attrs;
      if (index < carry.length) return merged.attrs.carry.indexOf(carry[index]);
      const y = ys[index - carry.length];
      return merged.attrs.carry.length + merged.attrs.ys.indexOf(y);
    };
    current = rewrite(current, (node, inputs) => {
      const loop = pair.find((p) => p === node.inputs[0]);
      if (node.is("result") && loop) return make("result", [merged], { index: slot(loop, node.attrs.index) });
      return withInputs(node, inputs);
    });
  }
}

/** Two loops that share a formal, of which neither needs the other's result. */
function findPair(roots: readonly Node[]): [Loop, Loop] | undefined {
  const order = topological(roots);
  const byFormal = new Map<Node, Loop[]>();
  for (const node of order) {
    if (!node.is("scan") && !node.is("while")) continue;
    for (const formal of [...node.attrs.carry, ...sequencesOf(node)]) {
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

const sequencesOf = (loop: Loop): readonly Node[] => (loop.is("scan") ? loop.attrs.xs : []);

function slots(loop: Loop): { carry: Slot[]; xs: Slot[]; captured: Slot[] } {
  const { carry, captured, next } = loop.attrs;
  const xs = sequencesOf(loop);
  const [c, x] = [carry.length, carry.length + xs.length];
  return {
    carry: carry.map((formal, i) => ({ formal, input: loop.inputs[i], next: next[i] })),
    xs: xs.map((formal, i) => ({ formal, input: loop.inputs[c + i] })),
    captured: captured.map((formal, i) => ({ formal, input: loop.inputs[x + i] })),
  };
}

/** Whatever both have, they have alike. */
function agree(a: Loop, b: Loop): boolean {
  if (!turnAlike(a, b)) return false;
  const [p, q] = [slots(a), slots(b)];
  const known = new Map([...p.carry, ...p.xs, ...p.captured].map((s) => [s.formal, s]));
  return [...q.carry, ...q.xs, ...q.captured].every((s) => {
    const other = known.get(s.formal);
    return !other || (other.input === s.input && other.next === s.next);
  });
}

function turnAlike(a: Loop, b: Loop): boolean {
  if (a.is("scan") && b.is("scan")) {
    const [p, q] = [a.attrs, b.attrs];
    return p.length === q.length && p.reverse === q.reverse && p.count === q.count;
  }
  return a.is("while") && b.is("while") && a.attrs.limit === b.attrs.limit && a.attrs.test === b.attrs.test;
}

function union(a: Loop, b: Loop): Loop {
  const [p, q] = [slots(a), slots(b)];
  const join = (x: Slot[], y: Slot[]) => [...x, ...y.filter((s) => !x.some((t) => t.formal === s.formal))];
  const [carry, xs, captured] = [join(p.carry, q.carry), join(p.xs, q.xs), join(p.captured, q.captured)];
  const both = {
    carry: carry.map((s) => s.formal),
    captured: captured.map((s) => s.formal),
    next: carry.map((s) => s.next as Node),
    ys: [...new Set([...a.attrs.ys, ...b.attrs.ys])],
  };
  const inputs = [...carry, ...xs, ...captured].map((s) => s.input);
  if (a.is("scan")) return make("scan", inputs, { ...a.attrs, ...both, xs: xs.map((s) => s.formal) });
  return make("while", inputs, { ...(a as Node<"while">).attrs, ...both });
}
