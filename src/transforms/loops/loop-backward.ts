import { formal, type Slot } from "../../graph/body.ts";
import {
  bodiesOf,
  built,
  type Carry,
  type Control,
  type Out,
  type Result,
  resultsOf,
  type Scan,
  slotsOf,
  valuesOf,
  type While,
  withBodies,
} from "../../graph/control.ts";
import { isFloat } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { bytesIn } from "../../graph/shape.ts";
import { iterationsOf } from "../../graph/types.ts";
import { dependents, substitute } from "../../graph/walk.ts";
import { orZeros, paired, present } from "../zero.ts";
import { residuals } from "./residuals.ts";
import { type StepProducts, stepProducts } from "./step-products.ts";

type Loop = Scan | While;
export type Cotangents = readonly (Node | undefined)[];
export type Pullback = (outputs: readonly Node[], cotangents: Cotangents, wrt: readonly Node[]) => (Node | undefined)[];

/**
 * Cotangents of a loop's inputs from those of its results. The backward loop is a scan that runs the steps in the opposite
 * order, as many as were taken. Its carry is the cotangent of the forward carry and the sums for what the body captured,
 * but for those that are products of what it can stack (step-products.ts); its sequences are the outputs' cotangents and
 * what the forward loop kept (residuals.ts).
 */
export function loopBackward(
  loop: Loop,
  cts: ReadonlyMap<Result, Node | undefined>,
  pull: Pullback,
  origin: Node["origin"],
): (slot: Slot) => Node | undefined {
  const { carry, xs, captured, outs } = loop;
  const slots = slotsOf(loop);
  const ctOuts = new Map<Out, Slot>();
  for (const y of outs) {
    const input = cts.get(y);
    if (input && isFloat(y.values[0].dtype)) ctOuts.set(y, { formal: formal(y.values[0]), input });
  }
  const ctCarry = new Map(carry.flatMap((c) => (isFloat(c.formal.dtype) ? [[c, formal(c.formal)] as const] : [])));
  let active = carry.filter((c) => cts.get(c));
  let back: ReadonlyMap<Slot, Node | undefined>;
  for (;;) {
    const given = [
      ...carry.map((c) => (active.includes(c) ? ctCarry.get(c) : undefined)),
      ...outs.map((y) => ctOuts.get(y)?.formal),
    ];
    const wrt = slots.map((s) => s.formal);
    back = paired(slots, pull(resultsOf(loop).flatMap(valuesOf), given, wrt));
    const grown = carry.filter((c) => active.includes(c) || back.get(c));
    if (grown.length === active.length) break;
    active = grown;
  }

  const terms = present([...back.values()]);
  const sliced = xs.flatMap((s) => back.get(s) ?? []);
  const ctFormals = [...ctCarry.values(), ...[...ctOuts.values()].map((s) => s.formal)];
  const moving = dependents(terms, [...[...carry, ...xs].map((s) => s.formal), ...ctFormals]);
  const backwards = dependents(terms, ctFormals);
  // What depends on forward formals alone is kept for any kind of sum.
  const isStacked = (f: Node) => !backwards.has(f) || sliced.includes(f);
  // Where iterations are counted as the loop runs, stacks have rows that were never written.
  const whole = loop.op === "scan" && !loop.count;
  const products = new Map<Slot, StepProducts>();
  for (const s of captured) {
    const term = back.get(s);
    const product = whole && term && stepProducts(term, (f) => moving.has(f), isStacked);
    if (product) products.set(s, product);
  }
  const added = captured.filter((s) => back.get(s) && !products.has(s));
  // Iterations that carry nothing may run side by side, and backwards so too: what they add is stacked rather than carried.
  const apart =
    whole &&
    active.length === 0 &&
    iterationsOf(loop) * added.reduce((n, s) => n + bytesIn(s.formal), 0) <= mostStacked;
  const totals = new Map((apart ? [] : added).map((s) => [s, formal(s.formal)]));
  const backCarry = new Map<Slot, Carry>();
  for (const c of active) {
    const [input, next] = [cts.get(c), back.get(c)].map((ct) => orZeros(ct, c.formal));
    backCarry.set(c, { formal: ctCarry.get(c) as Node, input, next });
  }
  for (const [s, total] of totals) {
    const next = make("add", [total, back.get(s) as Node], {});
    backCarry.set(s, { formal: total, input: orZeros(undefined, total), next });
  }
  const carried = [...backCarry.values()];
  const stackedTerms = apart ? added.map((s) => back.get(s) as Node) : [];
  const wanted = [...new Set([...sliced, ...stackedTerms, ...[...products.values()].flatMap((p) => p.factors)])];

  const kept = residuals([...carried.map((c) => c.next), ...wanted], [...ctFormals, ...totals.values()], loop);
  const ys = new Set(outs.flatMap((y) => y.values));
  const stacked = [...outs, ...kept.saved.filter((x) => !ys.has(x)).map((x) => ({ values: [x] }))];
  const keeper = keeperOf(loop, stacked, origin);
  const stackOf = new Map(stacked.map((y) => [y.values[0], keeper.result(y)]));
  for (const s of xs) stackOf.set(s.formal, s.input);
  const stackedOf = (y: Node) => stackOf.get(y) as Node;
  const made = wanted.filter((y) => !stackOf.has(y));
  const stand = kept.saved.map((x) => ({ formal: formal(x), input: stackedOf(x) }));
  const isUsed = (s: Slot) => kept.uses.has(s.formal);
  const open: Control = {
    op: "scan",
    length: iterationsOf(loop),
    reverse: loop.op === "while" || !loop.reverse,
    count: keeper.iterations,
    carry: carried,
    xs: [...ctOuts.values(), ...xs.filter(isUsed), ...stand],
    captured: captured.filter(isUsed),
    outs: made.map((y) => ({ values: [y] })),
  };
  const stands = new Map(kept.saved.map((x, i) => [x, stand[i].formal]));
  const backward = withBodies(open, substitute(bodiesOf(open).flat(), stands));
  const result = built(backward);
  made.forEach((y, i) => void stackOf.set(y, result(backward.outs[i])));
  const last = paired([...backCarry.keys()], backward.carry);
  return (slot) => {
    const [carriedOut, term] = [last.get(slot), back.get(slot)];
    if (carriedOut) return result(carriedOut);
    if (!term) return undefined;
    if (xs.includes(slot)) return stackedOf(term);
    return products.get(slot)?.total(stackedOf) ?? make("sum", [stackedOf(term)], { axes: [0] });
  };
}

/** What iterations without carries add may take this many bytes, for all of them; more is summed as it comes. */
const mostStacked = 2 ** 24;

/** The forward loop with what it must keep for the backward one. */
interface Keeper {
  readonly result: (result: Result) => Node;
  /** How many iterations were taken, where that is known only when it runs; and the formal for it in the backward loop. */
  readonly iterations?: Slot;
}

/** Counters of iterations, one for each loop's test, so that loops which keep different things can be merged. */
const counters = new WeakMap<Node, Node>();

function keeperOf(loop: Loop, outs: readonly Out[], origin: Node["origin"]): Keeper {
  if (loop.op === "scan") return { result: built({ ...loop, outs }), iterations: loop.count };
  const { limit, test } = loop;
  if (limit === undefined) {
    throw new PondusError(
      "grad.unbounded",
      `grad: a whileLoop without a limit has no reverse-mode gradient${describeOrigin(origin)}; ` +
        "give { limit: n }, the most steps that it may take, or use jvp.",
    );
  }
  const [zero, one] = [0, 1].map((value) => make("constant", [], { value, dtype: "int32" }));
  const counter = counters.get(test) ?? formal(zero);
  counters.set(test, counter);
  // A loop that was derived before counts already.
  const known = loop.carry.find((c) => c.formal === counter);
  const counting = known ?? { formal: counter, input: zero, next: make("add", [counter, one], {}) };
  const carry = known ? loop.carry : [...loop.carry, counting];
  const result = built({ ...loop, carry, outs });
  return { result, iterations: { formal: counter, input: result(counting) } };
}
