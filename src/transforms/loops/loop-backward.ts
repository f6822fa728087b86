import { formal } from "../../graph/body.ts";
import { isFloat } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { bytesIn } from "../../graph/shape.ts";
import { iterationsOf, type Loop } from "../../graph/types.ts";
import { dependents, substitute } from "../../graph/walk.ts";
import { orZeros, present, result } from "../zero.ts";
import { residuals } from "./residuals.ts";
import { stepProducts } from "./step-products.ts";

export type Cotangents = readonly (Node | undefined)[];
export type Pullback = (outputs: readonly Node[], cotangents: Cotangents, wrt: readonly Node[]) => (Node | undefined)[];

/**
 * Cotangents of a loop's inputs from those of its results. The backward loop is a scan that runs the steps in the opposite
 * order, as many as were taken. Its carry is the cotangent of the forward carry and the sums for what the body captured,
 * but for those that are products of what it can stack (step-products.ts); its sequences are the outputs' cotangents and
 * what the forward loop kept (residuals.ts).
 */
export function loopBackward(node: Loop, cts: Cotangents, pull: Pullback): Cotangents {
  const { carry, captured, next, ys } = node.attrs;
  const xs = node.is("scan") ? node.attrs.xs : [];
  const [c, x] = [carry.length, carry.length + xs.length];
  const formals = [...carry, ...xs, ...captured];
  const ctYs = ys.map((y, i) => (cts[c + i] && isFloat(y.dtype) ? formal(y) : undefined));
  const ctCarry = carry.map((n) => (isFloat(n.dtype) ? formal(n) : undefined));
  let active = carry.map((_, i) => cts[i] !== undefined);
  let back: Cotangents;
  for (;;) {
    back = pull([...next, ...ys], [...ctCarry.map((n, i) => (active[i] ? n : undefined)), ...ctYs], formals);
    const grown = active.map((a, i) => a || back[i] !== undefined);
    if (grown.every((a, i) => a === active[i])) break;
    active = grown;
  }

  const carries = carry.flatMap((_, i) => (active[i] ? [i] : []));
  const sliced = xs.flatMap((_, i) => back[c + i] ?? []);
  const ctFormals = [...present(ctCarry), ...present(ctYs)];
  const moving = dependents(present(back), [...carry, ...xs, ...ctFormals]);
  const backwards = dependents(present(back), ctFormals);
  // What depends on forward formals alone is kept for any kind of sum.
  const isStacked = (f: Node) => !backwards.has(f) || sliced.includes(f);
  // Where iterations are counted as the loop runs, stacks have rows that were never written.
  const whole = node.is("scan") && !node.attrs.count;
  const products = captured.map((_, i) => {
    const term = back[x + i];
    return whole && term ? stepProducts(term, (f) => moving.has(f), isStacked) : undefined;
  });
  const added = captured.flatMap((_, i) => (back[x + i] && !products[i] ? [i] : []));
  // Iterations that carry nothing may run side by side, and backwards so too: what they add is stacked rather than carried.
  const apart =
    whole &&
    carries.length === 0 &&
    iterationsOf(node) * added.reduce((n, i) => n + bytesIn(captured[i]), 0) <= mostStacked;
  const sums = apart ? [] : added;
  const terms = apart ? added.map((i) => back[x + i] as Node) : [];
  const totals = sums.map((i) => formal(captured[i]));
  const carried = [
    ...carries.map((i) => orZeros(back[i], carry[i])),
    ...sums.map((i, k) => make("add", [totals[k], back[x + i] as Node], {})),
  ];
  const wanted = [...new Set([...sliced, ...terms, ...products.flatMap((p) => p?.factors ?? [])])];

  const kept = residuals([...carried, ...wanted], [...ctFormals, ...totals], { carry, xs, captured });
  const stacked = [...ys, ...kept.saved.filter((s) => !ys.includes(s))];
  const keeper = keeperOf(node, stacked);
  const stackOf = new Map(stacked.map((s, i) => [s, result(keeper.loop, keeper.carries + i)]));
  xs.forEach((formal, i) => void stackOf.set(formal, node.inputs[c + i]));
  const made = wanted.filter((y) => !stackOf.has(y));
  const stand = kept.saved.map(formal);
  const closed = substitute([...carried, ...made], new Map(kept.saved.map((s, i) => [s, stand[i]])));
  const usedXs = xs.flatMap((_, i) => (kept.uses.has(xs[i]) ? [i] : []));
  const usedCaptured = captured.flatMap((n, i) => (kept.uses.has(n) && n !== keeper.iterations?.formal ? [i] : []));

  const backward = make(
    "scan",
    [
      ...carries.map((i) => orZeros(cts[i], carry[i])),
      ...totals.map((n) => orZeros(undefined, n)),
      ...present(ys.map((_, i) => (ctYs[i] ? cts[c + i] : undefined))),
      ...usedXs.map((i) => node.inputs[c + i]),
      ...kept.saved.map((s) => stackOf.get(s) as Node),
      ...usedCaptured.map((i) => node.inputs[x + i]),
      ...(keeper.iterations ? [keeper.iterations.value] : []),
    ],
    {
      length: iterationsOf(node),
      reverse: node.is("while") || !(node as Node<"scan">).attrs.reverse,
      carry: [...carries.map((i) => ctCarry[i] as Node), ...totals],
      xs: [...present(ctYs), ...usedXs.map((i) => xs[i]), ...stand],
      captured: [...usedCaptured.map((i) => captured[i]), ...(keeper.iterations ? [keeper.iterations.formal] : [])],
      next: closed.slice(0, carried.length),
      ys: closed.slice(carried.length),
      ...(keeper.iterations && { count: keeper.iterations.formal }),
    },
  );
  made.forEach((y, k) => void stackOf.set(y, result(backward, carried.length + k)));
  const stackedOf = (y: Node) => stackOf.get(y) as Node;
  const picked = (list: readonly number[], i: number, offset: number) =>
    list.includes(i) ? result(backward, offset + list.indexOf(i)) : undefined;
  const totalOf = (i: number) =>
    apart && added.includes(i)
      ? make("sum", [stackedOf(back[x + i] as Node)], { axes: [0] })
      : picked(sums, i, carries.length);
  return [
    ...carry.map((_, i) => picked(carries, i, 0)),
    ...xs.map((_, i) => back[c + i] && stackedOf(back[c + i] as Node)),
    ...captured.map((_, i) => products[i]?.total(stackedOf) ?? totalOf(i)),
  ];
}

/** What iterations without carries add may take this many bytes, for all of them; more is summed as it comes. */
const mostStacked = 2 ** 24;

/** The forward loop with what it must keep for the backward one. */
interface Keeper {
  readonly loop: Loop;
  /** How many carries it has; the stacks come after them. */
  readonly carries: number;
  /** How many iterations were taken, where that is known only when it runs; and the formal for it in the backward loop. */
  readonly iterations?: { readonly value: Node; readonly formal: Node };
}

/** Counters of iterations, one for each loop's test, so that loops which keep different things can be merged. */
const counters = new WeakMap<Node, Node>();

function keeperOf(node: Loop, stacked: readonly Node[]): Keeper {
  const { carry, captured, next } = node.attrs;
  if (node.is("scan")) {
    const { count, xs } = node.attrs;
    const iterations = count && {
      value: node.inputs[carry.length + xs.length + captured.indexOf(count)],
      formal: count,
    };
    return { loop: make("scan", node.inputs, { ...node.attrs, ys: stacked }), carries: carry.length, iterations };
  }
  const { limit, test } = (node as Node<"while">).attrs;
  if (limit === undefined) {
    throw new PondusError(
      "grad.unbounded",
      `grad: a whileLoop without a limit has no reverse-mode gradient${describeOrigin(node.origin)}; ` +
        "give { limit: n }, the most steps that it may take, or use jvp.",
    );
  }
  const [zero, one] = [0, 1].map((value) => make("constant", [], { value, dtype: "int32" }));
  const counter = counters.get(test) ?? formal(zero);
  counters.set(test, counter);
  const c = carry.length;
  // A loop that was derived before counts already.
  if (carry.includes(counter)) {
    const loop = make("while", node.inputs, { ...(node as Node<"while">).attrs, ys: stacked });
    return { loop, carries: c, iterations: { value: result(loop, carry.indexOf(counter)), formal: counter } };
  }
  const loop = make("while", [...node.inputs.slice(0, c), zero, ...node.inputs.slice(c)], {
    limit,
    carry: [...carry, counter],
    captured,
    test,
    next: [...next, make("add", [counter, one], {})],
    ys: stacked,
  });
  return { loop, carries: c + 1, iterations: { value: result(loop, c), formal: counter } };
}
