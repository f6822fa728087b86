import { isFloat } from "../../graph/dtype.ts";
import { InternalError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { sizeOf } from "../../graph/shape.ts";
import { uniform } from "../../tensor/operands.ts";
import type { Allocator } from "../ir/allocator.ts";
import { type Block, type Lowered, Memory, type Steps } from "../ir/block.ts";
import type { Axis, Reduction, Running, Scalar, Store } from "../ir/kernel.ts";
import { add, along, at, scaled } from "../ir/loop.ts";
import { contiguous, position, type View } from "../ir/views.ts";
import { corrected } from "../loops/partial-sums.ts";
import { copy, indexOf } from "./copy.ts";
import { Evaluator, sameIndex } from "./evaluate.ts";
import { type BlockPlan, fuse } from "./fuse.ts";
import type { Group } from "./group.ts";
import { lowerControl } from "./lower-control.ts";
import type { Part } from "./parts.ts";
import { type Join, longAxes } from "./store.ts";

/** Turns a block into steps: kernels in order, loops and branches with their bodies lowered in turn, then its assignments. */
export function lowerBlock({ leaves, wanted: given, updates = [], homes }: Block, allocator: Allocator): Lowered {
  const steps: Lowered = [];
  const memory = new Memory(leaves);
  const assignments = updates.map(({ node, to }) => ({ node, from: allocator.place("temporary", node), to }));
  const wanted = [...given, ...assignments.map(({ node, from }) => ({ node, target: from }))];
  const plan = fuse(
    wanted.map((w) => w.node),
    leaves,
    updates,
  );
  const targets = new Map<Node, View>();
  for (const { node, target } of wanted) if (!memory.view(node) && !targets.has(node)) targets.set(node, target);
  const around = { memory, allocator, targets, homes, lower: (body: Block) => lowerBlock(body, allocator) };
  const placed = placesOf(plan, targets, allocator);
  for (const group of plan.groups) {
    if (group.control) {
      const control = lowerControl(group.control, around);
      steps.push(...control.steps);
      memory.putResults(group.control, control.results);
      continue;
    }
    const home = (node: Node) => placed.get(node) ?? targets.get(node) ?? allocator.place("temporary", node);
    for (const node of group.stored) memory.put(node, home(node));
    const join = plan.joins.get(group.members[0]);
    steps.push(
      ...(join ? lowerJoin(group, join, memory, allocator) : lowerGroup(group, plan.parts, memory, allocator)),
    );
  }
  for (const { node, target } of wanted) {
    if (memory.view(node) !== target) steps.push(copy(node, target, memory, allocator));
  }
  for (const kernel of assignments) steps.push({ kind: "launch", kernel });
  return steps;
}

/** Where joined parts lie that kernels of their own write: in the whole, whose place they need before it is there. */
function placesOf(
  { joins, parts }: BlockPlan,
  targets: ReadonlyMap<Node, View>,
  allocator: Allocator,
): Map<Node, View> {
  const placed = new Map<Node, View>();
  // From the last one back: a part may itself be joined of parts.
  for (const [node, { inPlace }] of [...joins].reverse()) {
    const whole = placed.get(node) ?? targets.get(node) ?? allocator.place("temporary", node);
    placed.set(node, whole);
    for (const part of inPlace) {
      const { value } = part;
      const view = part.place(whole);
      if (view && (parts.get(value) ?? []).every(({ place }) => place(view))) placed.set(value, view);
    }
  }
  return placed;
}

/** Copies the parts that are not in their place yet. */
function lowerJoin({ members: [node] }: Group, join: Join, memory: Memory, allocator: Allocator): Steps {
  const whole = memory.view(node) as View;
  return join.parts.flatMap(({ value, place }) => {
    const target = place(whole) as View;
    const there = memory.view(value);
    const isThere = there?.buffer === whole.buffer;
    return isThere ? [] : [copy(value, target, memory, allocator)];
  });
}

function lowerGroup(
  group: Group,
  parts: ReadonlyMap<Node, readonly Part[]>,
  memory: Memory,
  allocator: Allocator,
): Steps {
  const { anchor, members, space } = group;
  if (anchor?.is("scatter") || anchor?.is("scatterInto")) return lowerScatter(anchor, members, memory, allocator);
  const axes = allocator.axes(space);
  const inside = new Set(members);
  const view = (node: Node) => (inside.has(node) ? undefined : memory.view(node));
  const evaluator: Evaluator = new Evaluator({
    view,
    own: (node, index) => {
      if (!inside.has(node)) return undefined;
      if (!sameIndex(index, indexOf(node.shape, axes))) throw new InternalError("a member was read at another point");
      return node === anchor ? { kind: "total", dtype: node.dtype } : evaluator.define(node, index);
    },
  });
  const running = anchor && lowerRunning(anchor, axes, evaluator);
  const reduction = anchor && !running ? lowerReduction(anchor, axes, evaluator, allocator) : undefined;
  // In order, so that each finds the ones before it done.
  for (const node of members) if (!parts.has(node)) evaluator.at(node, indexOf(node.shape, axes));
  const stores = [...group.stored].flatMap((node): Store[] => {
    const target = memory.view(node) as View;
    const whole: Part[] = [{ value: node, place: () => target }];
    return (parts.get(node) ?? whole).map(({ value, place }) => {
      const index = indexOf(value.shape, axes);
      return { buffer: target.buffer, at: position(place(target) as View, index), value: evaluator.at(value, index) };
    });
  });
  const name = anchor?.op ?? members[members.length - 1].op;
  const outer = axes.filter((axis) => axis !== running?.axis);
  return [{ kind: "launch", kernel: { name, axes: outer, reduction, running, stores } }];
}

/** The total of a running op; its axis is one of the group's, and longer than 1 (recurrence.ts). */
function lowerRunning(anchor: Node, axes: readonly Axis[], evaluator: Evaluator): Running | undefined {
  if (!anchor.is("recurrence") && !anchor.is("cummax")) return undefined;
  const along = anchor.attrs.axis;
  const index = indexOf(anchor.shape, axes);
  const axis = axes[longAxes(anchor.shape.slice(0, along)).length];
  const given = (x: Node) => evaluator.at(x, index);
  const first = (x: Node) => evaluator.at(x, index.toSpliced(along, 1));
  if (anchor.is("cummax")) {
    const [x, start] = anchor.inputs;
    return { axis, op: "max", start: first(start), term: given(x) };
  }
  const [a, b, start] = anchor.inputs;
  const factor = uniform(a) === 1 ? undefined : given(a);
  const isNothing = uniform(b) === 0 && (b.dtype === "int32" || Object.is(uniform(b), -0));
  const term = isNothing ? undefined : given(b);
  return { axis, op: "sum", start: first(start), factor, term };
}

function lowerReduction(anchor: Node, axes: readonly Axis[], evaluator: Evaluator, allocator: Allocator): Reduction {
  const index = indexOf(anchor.shape, axes);
  if (anchor.is("contract")) {
    const { a, b, out } = anchor.attrs;
    const [x, y] = anchor.inputs;
    const inner = [...new Set(a)].filter((label) => !out.includes(label));
    const loops = allocator.axes(inner.map((label) => x.shape[a.indexOf(label)]));
    const along1 = (label: number) =>
      out.includes(label) ? index[out.indexOf(label)] : along(loops[inner.indexOf(label)].index);
    const args = [evaluator.at(x, a.map(along1)), evaluator.at(y, b.map(along1))];
    return { op: "sum", axes: loops, value: { kind: "apply", op: "mul", args, dtype: anchor.dtype } };
  }
  if (anchor.is("overlap")) {
    const { axis, dilation } = anchor.attrs;
    const [x] = anchor.inputs;
    const [count, size] = x.shape.slice(axis);
    const loops = allocator.axes([size]);
    const k = along(loops[0].index);
    const window = add(index[axis], scaled(k, -dilation));
    const inside = [...index.slice(0, axis), window, k, ...index.slice(axis + 1)];
    const value = evaluator.within(x, inside, [{ at: window, from: 0, to: count }]);
    return { op: "sum", axes: loops, value };
  }
  if (!anchor.is("sum") && !anchor.is("max")) throw new InternalError(`${anchor.op} is no reduction`);
  const [x] = anchor.inputs;
  const loops = allocator.axes(anchor.attrs.axes.map((axis) => x.shape[axis]));
  let kept = 0;
  const full = x.shape.map((_, axis) => {
    const k = anchor.attrs.axes.indexOf(axis);
    return k >= 0 ? along(loops[k].index) : index[kept++];
  });
  return { op: anchor.is("sum") ? "sum" : "max", axes: loops, value: evaluator.at(x, full) };
}

/** What the updates are combined with, or zeros; then the updates, one by one. */
function lowerScatter(
  node: Node<"scatter"> | Node<"scatterInto">,
  [, sum]: readonly Node[],
  memory: Memory,
  allocator: Allocator,
): Steps {
  const target = memory.view(sum ?? node) as View;
  const [where, updates, base] = node.inputs;
  const { axis, inRange = false } = node.attrs;
  const evaluator = new Evaluator({ view: (x) => memory.view(x), own: () => undefined });
  const onto = base ?? sum?.inputs.find((x) => x !== node);
  const start = onto ? copy(onto, target, memory, allocator) : clear(node, target, allocator);
  const axes = allocator.axes(longAxes(updates.shape));
  const index = indexOf(updates.shape, axes);
  const rank = where.shape.length;
  const rest = [...index.slice(0, axis), at(0), ...index.slice(axis + rank)];
  const looked = evaluator.at(where, index.slice(axis, axis + rank));
  const moving = { position: looked, scale: target.strides[axis], size: node.shape[axis], inRange };
  const store = { buffer: target.buffer, at: position(target, rest), moving, value: evaluator.at(updates, index) };
  const scatter = node.is("scatterInto") ? node.attrs.combine : "add";
  if (scatter === "add" && isFloat(node.dtype) && sizeOf(where.shape) > manyUpdates) {
    const lost = contiguous(allocator.buffer("temporary", node.dtype, sizeOf(node.shape)), node.shape);
    const errors = {
      ...store,
      buffer: lost.buffer,
      at: position(lost, rest),
      moving: { ...moving, scale: lost.strides[axis] },
    };
    const stores = [store, errors];
    const add: Steps[number] = { kind: "launch", kernel: { name: "scatter", axes, stores, scatter: "addExactly" } };
    return [start, clear(node, lost, allocator), add, addLost(node, target, lost, allocator)];
  }
  return [start, { kind: "launch", kernel: { name: "scatter", axes, stores: [store], scatter } }];
}

/** Of so many updates an element may get enough for rounding errors to count. */
const manyUpdates = 1024;

/** Adds what a long sum lost, where it is finite. */
function addLost(node: Node, target: View, lost: View, allocator: Allocator): Steps[number] {
  const { dtype } = node;
  const axes = allocator.axes(longAxes(node.shape));
  const index = indexOf(node.shape, axes);
  const load = (view: View): Scalar => ({
    kind: "load",
    buffer: view.buffer,
    at: position(view, index),
    guards: [],
    dtype,
  });
  const value = corrected(load(target), load(lost));
  const stores = [{ buffer: target.buffer, at: position(target, index), value }];
  return { kind: "launch", kernel: { name: "add", axes, stores } };
}

function clear(node: Node, { buffer, offset }: View, allocator: Allocator): Steps[number] {
  const zero: Scalar = { kind: "constant", value: 0, dtype: node.dtype };
  const axes = allocator.axes([sizeOf(node.shape)]);
  const stores = [{ buffer, at: add(offset, along(axes[0].index)), value: zero }];
  return { kind: "launch", kernel: { name: "clear", axes, stores } };
}
