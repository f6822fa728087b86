import {
  type Branch,
  bodiesOf,
  built,
  type Carry,
  controlOf,
  type Scan,
  slotsOf,
  type While,
} from "../../graph/control.ts";
import { InternalError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { iterationsOf } from "../../graph/types.ts";
import type { Allocator } from "../ir/allocator.ts";
import type { Block, Lowered, Memory } from "../ir/block.ts";
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
interface InSteps {
  readonly steps: Lowered;
  readonly results: readonly View[];
}

/** Lowers a loop or branch; its body becomes a block with the formals as leaves. */
export function lowerControl(node: Node, around: Around): InSteps {
  const control = controlOf(node);
  if (!control) throw new InternalError(`${node.op} is neither a loop nor a branch`);
  return control.op === "cond" ? lowerBranch(control, around) : lowerLoop(control, node, around);
}

function viewOf(node: Node, memory: Memory): View {
  const view = viewThrough(node, (x) => memory.view(x));
  if (!view) throw new InternalError(`${node.op}, which a loop or branch reads, was not stored`);
  return view;
}

/** The body computes what is to be stacked and the next carries, which then replace the old ones. */
function lowerLoop(loop: Scan | While, node: Node, around: Around): InSteps {
  const { memory, allocator, lower } = around;
  const { carry, xs, outs } = loop;
  const result = built(loop, node);
  const index = allocator.index();
  const steps: Lowered = [];
  const leaves = new Map(slotsOf({ ...loop, carry: [] }).map((s) => [s.formal, viewOf(s.input, memory)]));
  for (const { formal } of xs) leaves.set(formal, sliceOf(leaves.get(formal) as View, index));
  const carries = carry.map((c) => {
    const { view, start } = startOf(c, result(c), around);
    steps.push(...start);
    leaves.set(c.formal, view);
    return view;
  });
  const updates = carry.flatMap(({ formal, next }, i) =>
    next === formal ? [] : [{ node: next, leaf: formal, to: carries[i] }],
  );
  const flag = loop.op === "while" ? allocator.place("temporary", loop.test) : undefined;
  const stacks = outs.map((y) => stackFor(y.values[0], result(y), iterationsOf(loop), around));
  const wanted = outs.map(({ values: [y] }, i) => ({ node: y, target: sliceOf(stacks[i], index) }));
  const results = [...carries, ...stacks];
  if (loop.op === "while") {
    const target = flag as View;
    const test = lower({ leaves, wanted: [{ node: loop.test, target }] });
    const body = lower({ leaves, wanted, updates });
    steps.push({ kind: "while", index, limit: loop.limit, test, flag: placeOf(target), body });
    return { steps, results };
  }
  const { length, reverse, count } = loop;
  const body = lower({ leaves, wanted, updates });
  const counted = count && { count: placeOf(leaves.get(count.formal) as View) };
  const independent = carry.length === 0 && !count;
  if (length > 0) steps.push({ kind: "repeat", index, length, ...counted, reverse, independent, body });
  return { steps, results };
}

/** A place for a carry, and what fills it with its first value; one that is at home has both. */
function startOf({ input }: Carry, last: Node, { memory, allocator, homes }: Around): { view: View; start: Lowered } {
  const home = homes?.get(last);
  if (home) return { view: home, start: [] };
  const view = allocator.place("carry", input);
  return { view, start: [copy(input, view, memory, allocator)] };
}

/** One slice along a view's first axis. */
function sliceOf({ buffer, offset, strides: [step, ...strides] }: View, index: Index): View {
  return { buffer, offset: add(offset, along(index, step)), strides };
}

/**
 * Where a loop stacks what its body computes. What the program returns is stacked in its place, and what a loop
 * around this one stacks in that one's: a matrix made row by row is in memory once.
 */
function stackFor(y: Node, stack: Node, iterations: number, { allocator, targets }: Around): View {
  const target = targets.get(stack);
  const isHome = target && (target.buffer.kind === "output" || allocator.isStack(target.buffer));
  return isHome ? target : allocator.stack(y, iterations);
}

function lowerBranch(branch: Branch, { memory, allocator, lower }: Around): InSteps {
  const leaves = new Map(branch.captured.map((s) => [s.formal, viewOf(s.input, memory)]));
  const results = branch.outs.map((y) => allocator.place("temporary", y.values[0]));
  const [yes, no] = bodiesOf(branch).map((side) =>
    lower({ leaves, wanted: side.map((node, i) => ({ node, target: results[i] })) }),
  );
  const flag = placeOf(viewOf(branch.condition, memory));
  return { steps: [{ kind: "branch", flag, yes, no }], results };
}

function placeOf(view: View): Place {
  return { buffer: view.buffer, at: view.offset };
}
