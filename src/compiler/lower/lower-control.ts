import { InternalError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { iterationsOf, type Loop } from "../../graph/types.ts";
import type { Allocator } from "../ir/allocator.ts";
import type { Block, Lowered, Memory, Wanted } from "../ir/block.ts";
import { add, along, type Index, type Place } from "../ir/loop.ts";
import type { View } from "../ir/views.ts";
import { copy } from "./copy.ts";
import { viewThrough } from "./evaluate.ts";

/** What a loop or branch finds around it. */
export interface Around extends Pick<Block, "homes"> {
  readonly memory: Memory;
  readonly allocator: Allocator;
  /** Where the block's results must end up. */
  readonly targets: ReadonlyMap<Node, View>;
  /** Lowers a body. */
  readonly lower: (block: Block) => Lowered;
}

/** A loop or branch as steps, and where its results lie. */
interface Control {
  readonly steps: Lowered;
  readonly results: readonly View[];
}

/** Lowers a loop or branch; its body becomes a block with the formals as leaves. */
export function lowerControl(node: Node, around: Around): Control {
  if (node.is("scan") || node.is("while")) return lowerLoop(node, around);
  if (node.is("cond")) return lowerCond(node, around);
  throw new InternalError(`${node.op} is neither a loop nor a branch`);
}

function viewOf(node: Node, memory: Memory): View {
  const view = viewThrough(node, (x) => memory.view(x));
  if (!view) throw new InternalError(`${node.op}, which a loop or branch reads, was not stored`);
  return view;
}

const resultOf = (loop: Loop, index: number) => make("result", [loop], { index });

/** The body computes what is to be stacked and the next carries, which then replace the old ones. */
function lowerLoop(node: Loop, around: Around): Control {
  const { memory, allocator, lower } = around;
  const { carry, captured, next } = node.attrs;
  const xs = node.is("scan") ? node.attrs.xs : [];
  const index = allocator.index();
  const { carries, steps } = startCarries(node, around);
  const given = node.inputs.slice(carry.length).map((x) => viewOf(x, memory));
  const leaves = new Map([
    ...carry.map((formal, i) => [formal, carries[i]] as const),
    ...xs.map((formal, i) => [formal, sliceOf(given[i], index)] as const),
    ...captured.map((formal, i) => [formal, given[xs.length + i]] as const),
  ]);
  const flag = node.is("while") ? allocator.place("temporary", node.attrs.test) : undefined;
  const { stacks, wanted } = stacksFor(node, index, around);
  const updates = next.flatMap((y, i) => (y === carry[i] ? [] : [{ node: y, leaf: carry[i], to: carries[i] }]));
  const results = [...carries, ...stacks];
  if (node.is("while")) {
    const target = flag as View;
    const test = lower({ leaves, wanted: [{ node: node.attrs.test, target }] });
    const body = lower({ leaves, wanted, updates });
    steps.push({ kind: "while", index, limit: node.attrs.limit, test, flag: placeOf(target), body });
    return { steps, results };
  }
  const { length, reverse, count } = node.attrs;
  const body = lower({ leaves, wanted, updates });
  const counted = count && { count: placeOf(leaves.get(count) as View) };
  const independent = carry.length === 0 && !count;
  if (length > 0) steps.push({ kind: "repeat", index, length, ...counted, reverse, independent, body });
  return { steps, results };
}

/** Places for the carries, and what fills them with their first values; a carry that is at home has both. */
function startCarries(node: Loop, { memory, allocator, homes }: Around): { carries: View[]; steps: Lowered } {
  const steps: Lowered = [];
  const carries = node.attrs.carry.map((_, i) => {
    const home = homes?.get(resultOf(node, i));
    if (home) return home;
    const init = node.inputs[i];
    const view = allocator.place("carry", init);
    steps.push(copy(init, view, memory, allocator));
    return view;
  });
  return { carries, steps };
}

/** One slice along a view's first axis. */
function sliceOf({ buffer, offset, strides: [step, ...strides] }: View, index: Index): View {
  return { buffer, offset: add(offset, along(index, step)), strides };
}

/**
 * Where a loop stacks, and what each iteration must put there. What the program returns is stacked in its place, and what a loop
 * around this one stacks in that one's: a matrix made row by row is in memory once.
 */
function stacksFor(
  loop: Loop,
  index: Index,
  { allocator, targets }: Around,
): { stacks: readonly View[]; wanted: Wanted[] } {
  const { carry, ys } = loop.attrs;
  const stacks = ys.map((y, i) => {
    const target = targets.get(resultOf(loop, carry.length + i));
    const isHome = target && (target.buffer.kind === "output" || allocator.isStack(target.buffer));
    return isHome ? target : allocator.stack(y, iterationsOf(loop));
  });
  return { stacks, wanted: ys.map((node, i) => ({ node, target: sliceOf(stacks[i], index) })) };
}

function lowerCond(node: Node<"cond">, { memory, allocator, lower }: Around): Control {
  const { captured, whenTrue, whenFalse } = node.attrs;
  const leaves = new Map(captured.map((formal, i) => [formal, viewOf(node.inputs[1 + i], memory)]));
  const results = whenTrue.map((y) => allocator.place("temporary", y));
  const branch = (list: readonly Node[]) =>
    lower({ leaves, wanted: list.map((y, i) => ({ node: y, target: results[i] })) });
  const flag = placeOf(viewOf(node.inputs[0], memory));
  return { steps: [{ kind: "branch", flag, yes: branch(whenTrue), no: branch(whenFalse) }], results };
}

function placeOf(view: View): Place {
  return { buffer: view.buffer, at: view.offset };
}
