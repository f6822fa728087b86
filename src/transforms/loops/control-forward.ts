import { formal } from "../../graph/body.ts";
import { isFloat } from "../../graph/dtype.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import type { Loop } from "../../graph/types.ts";
import { orZeros, present, result } from "../zero.ts";

type Tangents = readonly (Node | undefined)[];
type Pushforward = (outputs: readonly Node[], seeds: ReadonlyMap<Node, Node>) => (Node | undefined)[];

/**
 * Forward mode through loops and branches: the loop runs once with the tangents beside the values. The formal
 * parameters of the original body are kept, so that the compiler can merge the new loop with the original one.
 *
 * @returns one tangent per result, or undefined when `node` is no control node
 */
export function controlForward(node: Node, moving: Tangents, push: Pushforward): Tangents | undefined {
  if (node.is("scan") || node.is("while")) return loopForward(node, moving, push);
  return node.is("cond") ? condForward(node, moving, push) : undefined;
}

/** Formal tangents beside the formals that move. */
function formalTangents(formals: readonly Node[], moves: readonly boolean[]): (Node | undefined)[] {
  return formals.map((x, i) => (moves[i] && isFloat(x.dtype) ? formal(x) : undefined));
}

function seedsOf(pairs: readonly [readonly Node[], Tangents][]): Map<Node, Node> {
  const seeds = new Map<Node, Node>();
  for (const [formals, tangents] of pairs) formals.forEach((x, i) => tangents[i] && seeds.set(x, tangents[i]));
  return seeds;
}

/** The carries that move: those that start moving, and those that a moving one sets in motion. */
function movingCarries(
  carry: readonly Node[],
  next: readonly Node[],
  starts: Tangents,
  others: readonly [readonly Node[], Tangents][],
  push: Pushforward,
): { tangents: (Node | undefined)[]; next: (Node | undefined)[] } {
  let moves = starts.map((x) => x !== undefined);
  const all = formalTangents(
    carry,
    carry.map(() => true),
  );
  for (;;) {
    const tangents = all.map((x, i) => (moves[i] ? x : undefined));
    const d = push(next, seedsOf([[carry, tangents], ...others]));
    const grown = moves.map((m, i) => m || d[i] !== undefined);
    if (grown.every((m, i) => m === moves[i])) return { tangents, next: d };
    moves = grown;
  }
}

function loopForward(node: Loop, moving: Tangents, push: Pushforward): Tangents {
  const { carry, captured, next, ys } = node.attrs;
  const xs = node.is("scan") ? node.attrs.xs : [];
  const [c, x] = [carry.length, carry.length + xs.length];
  const dxs = formalTangents(
    xs,
    moving.slice(c, x).map((d) => d !== undefined),
  );
  const dcaptured = formalTangents(
    captured,
    moving.slice(x).map((d) => d !== undefined),
  );
  const others: [readonly Node[], Tangents][] = [
    [xs, dxs],
    [captured, dcaptured],
  ];
  const loop = movingCarries(carry, next, moving.slice(0, c), others, push);
  const dys = push(ys, seedsOf([[carry, loop.tangents], ...others]));
  const movers = carry.flatMap((_, i) => (loop.tangents[i] ? [i] : []));
  const outs = ys.flatMap((_, i) => (dys[i] ? [i] : []));
  const inputs = [
    ...node.inputs.slice(0, c),
    ...movers.map((i) => orZeros(moving[i], carry[i])),
    ...node.inputs.slice(c, x),
    ...present(moving.slice(c, x)),
    ...node.inputs.slice(x),
    ...present(moving.slice(x)),
  ];
  const attrs = {
    carry: [...carry, ...present(loop.tangents)],
    captured: [...captured, ...present(dcaptured)],
    next: [...next, ...movers.map((i) => orZeros(loop.next[i], carry[i]))],
    ys: [...ys, ...present(dys)],
  };
  const all = node.is("scan")
    ? make("scan", inputs, { ...node.attrs, ...attrs, xs: [...xs, ...present(dxs)] })
    : make("while", inputs, { ...(node as Node<"while">).attrs, ...attrs });
  const carries = carry.length + movers.length;
  return [
    ...carry.map((_, i) => (movers.includes(i) ? result(all, carry.length + movers.indexOf(i)) : undefined)),
    ...ys.map((_, i) => (outs.includes(i) ? result(all, carries + ys.length + outs.indexOf(i)) : undefined)),
  ];
}

function condForward(node: Node<"cond">, moving: Tangents, push: Pushforward): Tangents {
  const { captured, whenTrue, whenFalse } = node.attrs;
  const dcaptured = formalTangents(
    captured,
    moving.slice(1).map((d) => d !== undefined),
  );
  const seeds = seedsOf([[captured, dcaptured]]);
  const [yes, no] = [push(whenTrue, seeds), push(whenFalse, seeds)];
  const movers = whenTrue.flatMap((_, i) => (yes[i] || no[i] ? [i] : []));
  const all = make("cond", [...node.inputs, ...present(moving.slice(1))], {
    captured: [...captured, ...present(dcaptured)],
    whenTrue: movers.map((i) => orZeros(yes[i], whenTrue[i])),
    whenFalse: movers.map((i) => orZeros(no[i], whenFalse[i])),
  });
  return whenTrue.map((_, i) => (movers.includes(i) ? result(all, movers.indexOf(i)) : undefined));
}
