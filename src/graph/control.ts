import type { Slot } from "./body.ts";
import { make } from "./make.ts";
import type { Node } from "./node.ts";

/**
 * Loops and branches as records. A node keeps the inputs, the formals and the results of its body in lists side by side, for the
 * table of nodes; `controlOf` and `makeControl` alone know how they lie there. Whoever changes a loop changes its slots.
 */

/** What a loop hands from one iteration to the next. */
export interface Carry extends Slot {
  readonly next: Node;
}

/** A result beside the carries: what a loop stacks, or what the two sides of a branch give for it. */
export interface Out {
  readonly values: readonly Node[];
}

/** The results of a loop or branch are its carries, then its outs. */
export type Result = Carry | Out;

interface Slots {
  readonly carry: readonly Carry[];
  /** Sequences, of which the body sees slices along the first axis. */
  readonly xs: readonly Slot[];
  readonly captured: readonly Slot[];
  readonly outs: readonly Out[];
}

/** `count`: how many iterations are taken, where that is known only when it runs. */
export interface Scan extends Slots {
  readonly op: "scan";
  readonly length: number;
  readonly reverse: boolean;
  readonly count?: Slot;
}

/** `test` is computed in the body. */
export interface While extends Slots {
  readonly op: "while";
  readonly limit: number | undefined;
  readonly test: Node;
}

/** `condition` is computed outside. */
export interface Branch extends Slots {
  readonly op: "cond";
  readonly condition: Node;
}

export type Control = Scan | While | Branch;

export const isControl = (node: Node): boolean => node.op === "scan" || node.op === "while" || node.op === "cond";

/** A loop or branch as a record; undefined of any other node. */
export function controlOf(node: Node): Control | undefined {
  if (!isControl(node)) return undefined;
  const known = records.get(node) ?? apart(node);
  if (known) records.set(node, known);
  return known;
}

/** Passes ask for the same loop again and again. */
const records = new WeakMap<Node, Control>();

function apart(node: Node): Control | undefined {
  let inputs = 0;
  const take = () => node.inputs[inputs++];
  const slot = (formal: Node): Slot => ({ formal, input: take() });
  const out = (...values: Node[]): Out => ({ values });
  if (node.is("cond")) {
    const { captured, whenTrue, whenFalse } = node.attrs;
    const outs = whenTrue.map((yes, i) => out(yes, whenFalse[i]));
    return { op: "cond", condition: take(), carry: [], xs: [], captured: captured.map(slot), outs };
  }
  if (!node.is("scan") && !node.is("while")) return undefined;
  const { next } = node.attrs;
  const carry = node.attrs.carry.map((formal, i) => ({ ...slot(formal), next: next[i] }));
  const xs = node.is("scan") ? node.attrs.xs.map(slot) : [];
  const fixed = node.attrs.captured.map(slot);
  const outs = node.attrs.ys.map((y) => out(y));
  if (node.is("while")) {
    const { limit, test } = node.attrs;
    return { op: "while", limit, test, carry, xs, captured: fixed, outs };
  }
  const { length, reverse, count } = (node as Node<"scan">).attrs;
  const isCount = (s: Slot) => s.formal === count;
  const captured = fixed.filter((s) => !isCount(s));
  return { op: "scan", length, reverse, count: fixed.find(isCount), carry, xs, captured, outs };
}

/** The node for a loop or branch. */
export function makeControl(control: Control): Node {
  const inputs = inputsOf(control);
  const formals = (slots: readonly Slot[]) => slots.map((s) => s.formal);
  const side = (i: number) => control.outs.map(({ values }) => values[i]);
  const { op, xs } = control;
  const carry = formals(control.carry);
  const next = control.carry.map((c) => c.next);
  if (op === "cond") {
    return make("cond", inputs, { captured: formals(control.captured), whenTrue: side(0), whenFalse: side(1) });
  }
  if (op === "while") {
    const { limit, test } = control;
    return make("while", inputs, { limit, carry, captured: formals(control.captured), test, next, ys: side(0) });
  }
  const { length, reverse, count } = control;
  const captured = formals([...control.captured, ...(count ? [count] : [])]);
  const attrs = { length, reverse, carry, xs: formals(xs), captured, next, ys: side(0) };
  return make("scan", inputs, count ? { ...attrs, count: count.formal } : attrs);
}

/** Makes the node, where it is not given, and gives the nodes of its results. */
export function built(control: Control, node: Node = makeControl(control)): (result: Result) => Node {
  const results = resultsOf(control);
  return (result) => make("result", [node], { index: results.indexOf(result) });
}

/** All slots of a loop or branch. */
export function slotsOf(control: Control): readonly Slot[] {
  const { carry, xs, captured } = control;
  return [...carry, ...xs, ...captured, ...(control.op === "scan" && control.count ? [control.count] : [])];
}

/** What a loop or branch reads: a branch's condition, and what comes in by its slots. */
export function inputsOf(control: Control): Node[] {
  const inputs = slotsOf(control).map((s) => s.input);
  return control.op === "cond" ? [control.condition, ...inputs] : inputs;
}

/** Something for every input of the node: of a slot what `of` says, of a condition nothing. */
export function alongInputs<T>(control: Control, of: (slot: Slot) => T): (T | undefined)[] {
  const list = slotsOf(control).map(of);
  return control.op === "cond" ? [undefined, ...list] : list;
}

/** In the order in which `result` counts. */
export function resultsOf({ carry, outs }: Control): readonly Result[] {
  return [...carry, ...outs];
}

/** What a body computes for a result: a loop's one, a branch's two. */
export function valuesOf(result: Result): readonly Node[] {
  return "next" in result ? [result.next] : result.values;
}

/** What decides in the body of a loop how many iterations there are: its test, or its count if it has one. */
export function headOf(control: Control): readonly Node[] {
  if (control.op === "while") return [control.test];
  return control.op === "scan" && control.count ? [control.count.formal] : [];
}

/** What the body of a loop computes, or each side of a branch: a loop's test, next carries, and what it stacks. */
export function bodiesOf(control: Control): readonly (readonly Node[])[] {
  const { carry, outs } = control;
  if (control.op === "cond") return [0, 1].map((side) => outs.map(({ values }) => values[side]));
  const test = control.op === "while" ? [control.test] : [];
  return [[...test, ...carry.map((c) => c.next), ...outs.flatMap((y) => y.values)]];
}

/** The same loop or branch with other bodies: what they compute, in the order of `bodiesOf`. */
export function withBodies(control: Control, computed: readonly Node[]): Control {
  let count = 0;
  const take = () => computed[count++];
  const test = control.op === "while" ? take() : undefined;
  const carry = control.carry.map((c) => ({ ...c, next: take() }));
  const sides = bodiesOf(control).map(() => control.outs.map(take));
  const outs = control.outs.map((_, i) => ({ values: sides.map((side) => side[i]) }));
  return test && control.op === "while" ? { ...control, test, carry, outs } : { ...control, carry, outs };
}
