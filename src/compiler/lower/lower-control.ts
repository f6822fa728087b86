import { InternalError } from "../../graph/errors.ts";
import { make, type Node } from "../../graph/node.ts";
import { type Loop, turnsOf } from "../../graph/types.ts";
import type { Allocator, Memory, Steps, Wanted } from "../ir/allocator.ts";
import { add, along, type Index, type Place } from "../ir/loop.ts";
import type { View } from "../ir/views.ts";
import { assign } from "./assign.ts";
import { copy } from "./copy.ts";
import { viewThrough } from "./evaluate.ts";
import type { Overwrite } from "./fuse.ts";

type LowerBlock = (
  wanted: readonly Wanted[],
  leaves: ReadonlyMap<Node, View>,
  workshop: Allocator,
  overwrites?: readonly Overwrite[],
) => Steps;

/**
 * Lowers a loop or branch; its body becomes a block with the formals as leaves.
 *
 * @param targets  where the block's results must end up
 */
export function lowerControl(
  node: Node,
  memory: Memory,
  workshop: Allocator,
  steps: Steps,
  targets: ReadonlyMap<Node, View>,
  lower: LowerBlock,
): void {
  if (node.is("scan")) memory.putResults(node, lowerScan(node, memory, workshop, steps, targets, lower));
  else if (node.is("while")) memory.putResults(node, lowerWhile(node, memory, workshop, steps, targets, lower));
  else if (node.is("cond")) memory.putResults(node, lowerCond(node, memory, workshop, steps, lower));
}

function viewOf(node: Node, memory: Memory): View {
  const view = viewThrough(node, (x) => memory.view(x));
  if (!view) throw new InternalError(`${node.op}, which a loop or branch reads, was not stored`);
  return view;
}

/** Places for the carries, filled with their first values; those that are at home have theirs. */
function startCarries(node: Node, count: number, memory: Memory, workshop: Allocator, steps: Steps): View[] {
  return node.inputs.slice(0, count).map((init, i) => {
    const home = workshop.homes.get(node)?.get(i);
    if (home) return home;
    const view = workshop.place("carry", init);
    steps.push(copy(init, view, memory, workshop));
    return view;
  });
}

/** The body of a loop: computes what is wanted and the next carries, then lets them replace the old ones. */
function lowerBody(
  formals: readonly Node[],
  next: readonly Node[],
  carries: readonly View[],
  wanted: readonly Wanted[],
  leaves: ReadonlyMap<Node, View>,
  workshop: Allocator,
  lower: LowerBlock,
): Steps {
  const changed = next.flatMap((node, i) => (node === formals[i] ? [] : [{ node, leaf: formals[i], to: carries[i] }]));
  const assignments = changed.map((c) => ({ ...c, from: workshop.place("temporary", c.node) }));
  const all = [...wanted, ...assignments.map((a) => ({ node: a.node, target: a.from }))];
  const steps = lower(all, leaves, workshop, assignments);
  assign(assignments, steps, workshop);
  return steps;
}

function lowerScan(
  node: Node<"scan">,
  memory: Memory,
  workshop: Allocator,
  steps: Steps,
  targets: ReadonlyMap<Node, View>,
  lower: LowerBlock,
): View[] {
  const { carry, xs, captured, next, length, reverse, count } = node.attrs;
  const index = workshop.index();
  const leaves = new Map<Node, View>();
  const carries = startCarries(node, carry.length, memory, workshop, steps);
  carry.forEach((formal, i) => leaves.set(formal, carries[i]));
  xs.forEach((formal, i) => {
    const view = viewOf(node.inputs[carry.length + i], memory);
    leaves.set(formal, sliceOf(view, index));
  });
  captured.forEach((formal, i) => leaves.set(formal, viewOf(node.inputs[carry.length + xs.length + i], memory)));
  const { stacks, wanted } = stacksFor(node, index, workshop, targets);
  const body = lowerBody(carry, next, carries, wanted, leaves, workshop, lower);
  const turns = count && { count: placeOf(leaves.get(count) as View) };
  if (length > 0) {
    const independent = carry.length === 0 && !count;
    steps.push({ kind: "repeat", index, length, ...turns, reverse, independent, body });
  }
  return [...carries, ...stacks];
}

/** One slice along a view's first axis. */
function sliceOf({ buffer, offset, strides: [step, ...strides] }: View, index: Index): View {
  return { buffer, offset: add(offset, along(index, step)), strides };
}

/**
 * Where a loop stacks, and what each turn must put there. What the program returns is stacked in its place, and what a loop
 * around this one stacks in that one's: a matrix made row by row is in memory once.
 */
function stacksFor(
  loop: Loop,
  index: Index,
  workshop: Allocator,
  targets: ReadonlyMap<Node, View>,
): { stacks: View[]; wanted: Wanted[] } {
  const { carry, ys } = loop.attrs;
  const stacks = ys.map((y, i) => {
    const target = targets.get(make("result", [loop], { index: carry.length + i }));
    const isHome = target && (target.buffer.kind === "output" || workshop.isStack(target.buffer));
    return isHome ? target : workshop.stack(y, turnsOf(loop));
  });
  return { stacks, wanted: ys.map((node, i) => ({ node, target: sliceOf(stacks[i], index) })) };
}

function lowerWhile(
  node: Node<"while">,
  memory: Memory,
  workshop: Allocator,
  steps: Steps,
  targets: ReadonlyMap<Node, View>,
  lower: LowerBlock,
): View[] {
  const { carry, captured, next, test, limit } = node.attrs;
  const index = workshop.index();
  const leaves = new Map<Node, View>();
  const carries = startCarries(node, carry.length, memory, workshop, steps);
  carry.forEach((formal, i) => leaves.set(formal, carries[i]));
  captured.forEach((formal, i) => leaves.set(formal, viewOf(node.inputs[carry.length + i], memory)));
  const flag = workshop.place("temporary", test);
  const { stacks, wanted } = stacksFor(node, index, workshop, targets);
  steps.push({
    kind: "while",
    index,
    limit,
    test: lower([{ node: test, target: flag }], leaves, workshop),
    flag: placeOf(flag),
    body: lowerBody(carry, next, carries, wanted, leaves, workshop, lower),
  });
  return [...carries, ...stacks];
}

function lowerCond(node: Node<"cond">, memory: Memory, workshop: Allocator, steps: Steps, lower: LowerBlock): View[] {
  const { captured, whenTrue, whenFalse } = node.attrs;
  const leaves = new Map(captured.map((formal, i) => [formal, viewOf(node.inputs[1 + i], memory)]));
  const results = whenTrue.map((y) => workshop.place("temporary", y));
  const branch = (list: readonly Node[]) =>
    lower(
      list.map((y, i) => ({ node: y, target: results[i] })),
      leaves,
      workshop,
    );
  const flag = placeOf(viewOf(node.inputs[0], memory));
  steps.push({ kind: "branch", flag, yes: branch(whenTrue), no: branch(whenFalse) });
  return results;
}

function placeOf(view: View): Place {
  return { buffer: view.buffer, at: view.offset };
}
