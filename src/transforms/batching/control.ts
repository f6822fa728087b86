import { formal, type Slot } from "../../graph/body.ts";
import {
  type Branch,
  bodiesOf,
  built,
  type Carry,
  controlOf,
  headOf,
  type Result,
  resultsOf,
  type Scan,
  slotsOf,
  valuesOf,
  type While,
} from "../../graph/control.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import type { TensorType } from "../../graph/shape.ts";
import { iterationsOf } from "../../graph/types.ts";
import { substitute } from "../../graph/walk.ts";
import { elementwise } from "../../tensor/operands.ts";
import { paired } from "../zero.ts";
import { anyOf, both, masked, ownIn } from "./masked.ts";
import { type Batch, type Batched, chosen, led, permuted, type Samples } from "./samples.ts";
import { capturedAs, type Given, sequenceAs, stackAs } from "./stacks.ts";

type Loop = Scan | While;

/** A loop or branch for all samples: its results; undefined where `node` is none. */
export function batchControl(
  node: Node,
  inputs: readonly Batched[],
  size: number,
  batch: Batch,
  takes: Node | undefined,
): readonly Batched[] | undefined {
  const control = controlOf(node);
  if (!control) return undefined;
  const known = paired(node.inputs, inputs);
  const around: Around = { of: (x) => known.get(x) as Batched, size, batch, takes };
  if (control.op !== "cond") return batchLoop(control, around);
  return around.of(control.condition).has ? batchChoice(control, around) : batchBranch(control, around);
}

/** What a loop or branch finds around it. */
interface Around {
  /** One of its inputs, for all samples. */
  readonly of: (input: Node) => Batched;
  readonly size: number;
  readonly batch: Batch;
  readonly takes: Node | undefined;
}

/** What stands for a formal of one sample in the body for all: one for each, so that loops with one body stay so. */
const formalsForAll = new WeakMap<Node, Map<string, Node>>();

/** @param order  in which order of its axes samples come first */
function forAll(one: Node, size: number, order: readonly number[] = [0, ...one.shape].map((_, axis) => axis)): Node {
  const known = formalsForAll.get(one) ?? new Map<string, Node>();
  formalsForAll.set(one, known);
  const whole = [size, ...one.shape];
  const shape = whole.map((_, axis) => whole[order.indexOf(axis)]);
  const key = `${size}: ${order}`;
  const made = known.get(key) ?? formal({ shape, dtype: one.dtype });
  known.set(key, made);
  return made;
}

/** What is made once for a node, and stands for it in bodies. */
const formalsFor = new WeakMap<Node, Node>();

function formalFor(x: Node, type: TensorType = x): Node {
  const made = formalsFor.get(x) ?? formal(type);
  formalsFor.set(x, made);
  return made;
}

/**
 * A loop for all samples. Where each sample counts its iterations for itself, the loop goes on until the last one has ended, and
 * one that has ended stays as it is.
 */
function batchLoop(loop: Loop, { of, size, batch, takes }: Around): readonly Batched[] {
  const { carry, outs } = loop;
  const own = new Set<Slot>(slotsOf(loop).filter((s) => of(s.input).has));
  const outside = takes && formalFor(takes);
  /** How what does not change from iteration to iteration comes in. */
  const others = new Map<Slot, Given>();
  for (const s of slotsOf({ ...loop, carry: [] })) {
    const { node, has } = of(s.input);
    if (has) others.set(s, loop.xs.includes(s) ? sequenceAs(node) : capturedAs(node));
  }
  const place = (s: Slot) => (own.has(s) ? forAll(s.formal, size, others.get(s)?.order) : s.formal);
  let head: Batched | undefined;
  let inside: Node | undefined;
  let body: ReadonlyMap<Result, Batched>;
  for (;;) {
    const samples: Samples = new Map(
      [...own].map((s) => {
        const order = others.get(s)?.order;
        return [s.formal, order ? permuted(place(s), order) : place(s)];
      }),
    );
    [head] = batch(headOf(loop), samples, size);
    inside = head?.has ? both(outside, takesIteration(loop, head.node)) : outside;
    const results = resultsOf(loop);
    body = paired(results, batch(results.flatMap(valuesOf), samples, size, inside));
    const more = carry.filter((c) => !own.has(c) && (head?.has || body.get(c)?.has));
    if (more.length === 0) break;
    for (const c of more) own.add(c);
  }
  const inBody = (r: Result) => body.get(r) as Batched;
  const given = (s: Slot) => (own.has(s) ? ownIn(of(s.input), size, takes) : of(s.input).node);
  const whole = (s: Slot): Slot => ({ formal: place(s), input: others.get(s)?.node ?? given(s) });
  const next = (c: Carry): Node => {
    const all = own.has(c) ? led(inBody(c), size) : inBody(c).node;
    return head?.has && inside ? chosen(inside, all, place(c)) : all;
  };
  const stacks = outs.map(inBody).map(({ node, has }) => (has ? stackAs(node) : { y: node, of: undefined }));
  const parts = {
    carry: carry.map((c) => ({ ...whole(c), next: next(c) })),
    xs: loop.xs.map(whole),
    captured: [...loop.captured.map(whole), ...(outside && takes ? [{ formal: outside, input: takes }] : [])],
    outs: stacks.map(({ y }) => ({ values: [y] })),
  };
  const all =
    loop.op === "scan"
      ? scanOf({ ...loop, ...parts, count: loop.count && whole(loop.count) }, head)
      : { ...loop, ...parts, test: testOf(head as Batched, inside) };
  const result = built(all);
  return [
    ...carry.map((c, i) => ({ node: result(all.carry[i]), has: own.has(c) })),
    ...stacks.map((y, i) => {
      const stack = result(all.outs[i]);
      return { node: y.of ? y.of(stack) : stack, has: y.of !== undefined };
    }),
  ];
}

/** Which samples take an iteration, from the loop's test, or from how many each of them takes. */
const takesIteration = (loop: Loop, head: Node) =>
  loop.op === "while" ? head : elementwise("lt", [placeIn(head), head]);

/** The number of an iteration, in the body of a scan that each sample takes as often as `count` says. */
const placeIn = (count: Node) => formalFor(count, { shape: [], dtype: "int32" });

/** A scan takes as many iterations as the sample that takes the most. */
function scanOf(scan: Scan, count: Batched | undefined): Scan {
  if (!count?.has || !scan.count) return scan;
  const most = make("max", [scan.count.input], { axes: [0] });
  const places = make("iota", [], { length: iterationsOf(scan) });
  return {
    ...scan,
    xs: [...scan.xs, { formal: placeIn(count.node), input: places }],
    captured: [...scan.captured, scan.count],
    count: { formal: formal(most), input: most },
  };
}

/** Whether a loop goes on, from the test of one sample or of each. */
function testOf(test: Batched, takes: Node | undefined): Node {
  const any = takes && anyOf(takes);
  return any && !test.has ? both(any, test.node) : (any ?? test.node);
}

/** All samples take the same branch. */
function batchBranch(branch: Branch, { of, size, batch, takes }: Around): readonly Batched[] {
  const own = new Set(branch.captured.filter((s) => of(s.input).has));
  const samples = new Map([...own].map(({ formal: x }) => [x, forAll(x, size)]));
  const inside = takes && formalFor(takes);
  const sides = bodiesOf(branch).map((side) => batch(side, samples, size, inside));
  const outs = branch.outs.map((_, i) => {
    const values = sides.map((side) => side[i]);
    const has = values.some((y) => y.has);
    return { has, values: values.map((y) => (has ? ownIn(y, size, inside) : y.node)) };
  });
  const captured = branch.captured.map((s) => ({ formal: samples.get(s.formal) ?? s.formal, input: of(s.input).node }));
  const result = built({
    ...branch,
    condition: of(branch.condition).node,
    captured: [...captured, ...(takes && inside ? [{ formal: inside, input: takes }] : [])],
    outs,
  });
  return outs.map((y) => ({ node: result(y), has: y.has }));
}

/** Each sample takes a branch of its own: both are computed, and one is chosen. */
function batchChoice(branch: Branch, { of, size, batch, takes }: Around): readonly Batched[] {
  const { node: test } = of(branch.condition);
  const side = (values: readonly Node[], takesIt: Node) => {
    const any = anyOf(takesIt);
    const [shared, own] = [new Map<Node, Node>(), new Map<Node, Node>()];
    for (const s of branch.captured) {
      const { node, has } = of(s.input);
      if (has) own.set(s.formal, node);
      else shared.set(s.formal, masked(node, any));
    }
    return batch(substitute(values, shared), own, size, takesIt);
  };
  const [whenTrue, whenFalse] = bodiesOf(branch);
  const yes = side(whenTrue, both(takes, test));
  const no = side(whenFalse, both(takes, elementwise("not", [test])));
  return yes.map((y, i) => ({ node: chosen(test, led(y, size), led(no[i], size)), has: true }));
}
