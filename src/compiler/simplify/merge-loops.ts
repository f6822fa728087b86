import type { Slot } from "../../graph/body.ts";
import {
  built,
  type Carry,
  controlOf,
  type Result,
  resultsOf,
  type Scan,
  slotsOf,
  type While,
} from "../../graph/control.ts";
import type { Node } from "../../graph/node.ts";
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
    const merged = union(pair[0].loop, pair[1].loop);
    const result = built(merged);
    current = rewrite(current, (node, inputs) => {
      const found = pair.find((p) => p.node === node.inputs[0]);
      if (!node.is("result") || !found) return withInputs(node, inputs);
      return result(likeIn(merged, resultsOf(found.loop)[node.attrs.index]));
    });
  }
}

type Loop = Scan | While;

interface Found {
  readonly node: Node;
  readonly loop: Loop;
}

/** Two loops that share a formal, of which neither needs the other's result. */
function findPair(roots: readonly Node[]): [Found, Found] | undefined {
  const byFormal = new Map<Node, Found[]>();
  for (const node of topological(roots)) {
    const loop = controlOf(node);
    if (!loop || loop.op === "cond") continue;
    for (const { formal } of [...loop.carry, ...loop.xs]) {
      for (const other of byFormal.get(formal) ?? []) {
        if (agree(other.loop, loop) && !reaches(node, other.node)) return [other, { node, loop }];
      }
      byFormal.set(formal, [...(byFormal.get(formal) ?? []), { node, loop }]);
    }
  }
  return undefined;
}

function reaches(from: Node, to: Node): boolean {
  return topological([from]).includes(to);
}

/** Whatever both have, they have alike. */
function agree(a: Loop, b: Loop): boolean {
  if (!turnAlike(a, b)) return false;
  const known = new Map(slotsOf(a).map((s) => [s.formal, s]));
  return slotsOf(b).every((s) => {
    const other = known.get(s.formal);
    return !other || (other.input === s.input && nextOf(other) === nextOf(s));
  });
}

const nextOf = (slot: Slot | Carry) => ("next" in slot ? slot.next : undefined);

function turnAlike(a: Loop, b: Loop): boolean {
  if (a.op === "scan" && b.op === "scan") {
    return a.length === b.length && a.reverse === b.reverse && a.count?.formal === b.count?.formal;
  }
  return a.op === "while" && b.op === "while" && a.limit === b.limit && a.test === b.test;
}

function union(a: Loop, b: Loop): Loop {
  const join = <S extends Slot>(x: readonly S[], y: readonly S[]) => [
    ...x,
    ...y.filter((s) => !x.some((t) => t.formal === s.formal)),
  ];
  const ys = new Set([...a.outs, ...b.outs].flatMap((y) => y.values));
  const outs = [...ys].map((y) => ({ values: [y] }));
  return {
    ...a,
    carry: join(a.carry, b.carry),
    xs: join(a.xs, b.xs),
    captured: join(a.captured, b.captured),
    outs,
  };
}

/** The result of the merged loop that a result of one of its parts is. */
function likeIn({ carry, outs }: Loop, result: Result): Result {
  const found =
    "next" in result
      ? carry.find((c) => c.formal === result.formal)
      : outs.find((y) => y.values[0] === result.values[0]);
  return found as Result;
}
