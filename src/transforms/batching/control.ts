import { formal } from "../../graph/body.ts";
import { isFloat } from "../../graph/dtype.ts";
import { make } from "../../graph/make.ts";
import type { CustomBackward, Node } from "../../graph/node.ts";
import { iterationsOf, type Loop } from "../../graph/types.ts";
import { substitute } from "../../graph/walk.ts";
import { constant, elementwise } from "../../tensor/operands.ts";
import { controlBackward } from "../loops/control-backward.ts";
import { pullback } from "../reverse.ts";
import { result } from "../zero.ts";
import { batchMark } from "./marks.ts";
import { type Batch, type Batched, chosen, led, moveAxis, type Samples } from "./samples.ts";

/** A loop or branch for all samples: its results; undefined where `node` is none. */
export function batchControl(
  node: Node,
  inputs: readonly Batched[],
  size: number,
  batch: Batch,
): readonly Batched[] | undefined {
  if (node.is("scan") || node.is("while")) return batchLoop(node, inputs, size, batch);
  if (!node.is("cond")) return undefined;
  return inputs[0].has ? batchChoice(node, inputs, size, batch) : batchBranch(node, inputs, size, batch);
}

/** What stands for a formal of one sample in the body for all: one for each, so that loops with one body stay so. */
const formalsForAll = new WeakMap<Node, Map<number, Node>>();

function forAll(one: Node, size: number): Node {
  const known = formalsForAll.get(one) ?? new Map<number, Node>();
  formalsForAll.set(one, known);
  const made = known.get(size) ?? formal({ shape: [size, ...one.shape], dtype: one.dtype });
  known.set(size, made);
  return made;
}

const samplesOf = (formals: readonly Node[], has: readonly boolean[], size: number): Samples =>
  new Map(formals.flatMap((x, i) => (has[i] ? [[x, forAll(x, size)] as const] : [])));

/**
 * A loop for all samples. Where each sample counts its iterations for itself, the loop goes on until the last one has ended, and
 * one that has ended stays as it is.
 */
function batchLoop(node: Loop, inputs: readonly Batched[], size: number, batch: Batch): readonly Batched[] {
  const { carry, captured, next, ys } = node.attrs;
  const xs = node.is("scan") ? node.attrs.xs : [];
  const [c, x] = [carry.length, carry.length + xs.length];
  const formals = [...carry, ...xs, ...captured];
  const has = inputs.map((input) => input.has);
  const head = headOf(node);
  let body: Batched[];
  let apart: boolean;
  for (;;) {
    body = batch([...head, ...next, ...ys], samplesOf(formals, has, size), size);
    apart = body.slice(0, head.length).some((test) => test.has);
    const grown = carry.map((_, i) => has[i] || apart || body[head.length + i].has);
    if (grown.every((now, i) => now === has[i])) break;
    has.splice(0, c, ...grown);
  }
  const places = formals.map((one, i) => (has[i] ? forAll(one, size) : one));
  const given = inputs.map((input, i) => {
    const whole = has[i] ? led(input, size) : input.node;
    // A sequence runs along its own first axis.
    return has[i] && i >= c && i < x ? moveAxis(whole, 0, 1) : whole;
  });
  const outputs = body.slice(head.length);
  const parts: Parts = {
    carry: { formals: places.slice(0, c), given: given.slice(0, c) },
    xs: { formals: places.slice(c, x), given: given.slice(c, x) },
    captured: { formals: places.slice(x), given: given.slice(x) },
    next: carry.map((_, i) => (has[i] ? led(outputs[i], size) : outputs[i].node)),
    ys: outputs.slice(c).map((y) => y.node),
  };
  const loop = node.is("scan") ? scanOf(node, parts, apart) : whileOf(node as Node<"while">, parts, body[0]);
  return [
    ...carry.map((_, i) => ({ node: result(loop, i), has: has[i] })),
    ...ys.map((_, i) => {
      const stack = result(loop, c + i);
      const own = outputs[c + i].has;
      return { node: own ? moveAxis(stack, 1, 0) : stack, has: own };
    }),
  ];
}

/** What decides how many iterations there are: a loop's test or, of a scan that has one, its count. */
const headOf = (node: Loop): readonly Node[] => {
  if (node.is("while")) return [node.attrs.test];
  const { count } = (node as Node<"scan">).attrs;
  return count ? [count] : [];
};

interface Slots {
  readonly formals: readonly Node[];
  readonly given: readonly Node[];
}

/** A loop for all samples. */
interface Parts {
  readonly carry: Slots;
  readonly xs: Slots;
  readonly captured: Slots;
  readonly next: readonly Node[];
  readonly ys: readonly Node[];
}

/** What a carry is after an iteration that only some samples take. */
const kept = ({ carry, next }: Parts, takes: Node) => next.map((x, i) => chosen(takes, x, carry.formals[i]));

function scanOf(node: Node<"scan">, parts: Parts, apart: boolean): Node {
  const { carry, xs, captured } = parts;
  const { count } = node.attrs;
  const inputs = [...carry.given, ...xs.given, ...captured.given];
  const body = {
    carry: carry.formals,
    xs: xs.formals,
    captured: captured.formals,
    next: parts.next,
    ys: parts.ys,
  };
  if (!count || !apart) return make("scan", inputs, { ...node.attrs, ...body });
  const own = node.attrs.captured.indexOf(count);
  const most = make("max", [captured.given[own]], { axes: [0] });
  const [all, at] = [formal(most), formal({ shape: [], dtype: "int32" })];
  const takes = elementwise("lt", [at, captured.formals[own]]);
  const places = make("iota", [], { length: iterationsOf(node) });
  return make("scan", [...carry.given, ...xs.given, places, ...captured.given, most], {
    ...node.attrs,
    ...body,
    xs: [...xs.formals, at],
    captured: [...captured.formals, all],
    next: kept(parts, takes),
    count: all,
  });
}

function whileOf(node: Node<"while">, parts: Parts, test: Batched): Node {
  const { carry, captured } = parts;
  const body = { carry: carry.formals, captured: captured.formals, ys: parts.ys };
  return make("while", [...carry.given, ...captured.given], {
    ...node.attrs,
    ...body,
    test: test.has ? anyOf(test.node) : test.node,
    next: test.has ? kept(parts, test.node) : parts.next,
  });
}

function anyOf(test: Node): Node {
  const most = make("max", [make("cast", [test], { to: "int32" })], { axes: [0] });
  return elementwise("lt", [constant(0, "int32"), most]);
}

/** All samples take the same branch. */
function batchBranch(node: Node<"cond">, inputs: readonly Batched[], size: number, batch: Batch): readonly Batched[] {
  const { captured, whenTrue, whenFalse } = node.attrs;
  const own = inputs.slice(1).map(({ has }) => has);
  const samples = samplesOf(captured, own, size);
  const [yes, no] = [whenTrue, whenFalse].map((branch) => batch(branch, samples, size));
  const has = yes.map((y, i) => y.has || no[i].has);
  const side = (branch: readonly Batched[]) => branch.map((y, i) => (has[i] ? led(y, size) : y.node));
  const branch = make(
    "cond",
    inputs.map((x) => x.node),
    {
      captured: captured.map((x) => samples.get(x) ?? x),
      whenTrue: side(yes),
      whenFalse: side(no),
    },
  );
  return has.map((own, i) => ({ node: result(branch, i), has: own }));
}

/**
 * Each sample takes a branch of its own: both are computed, and one is chosen. Its derivatives are those of the branch that it
 * takes: one through the choice would be NaN where the other branch's is infinite.
 */
function batchChoice(node: Node<"cond">, inputs: readonly Batched[], size: number, batch: Batch): readonly Batched[] {
  const [test, ...given] = inputs;
  const { captured, whenTrue, whenFalse } = node.attrs;
  const [own, shared] = [true, false].map((has) => {
    return new Map(captured.flatMap((x, i) => (given[i].has === has ? [[x, given[i].node] as const] : [])));
  });
  const [yes, no] = [whenTrue, whenFalse].map((branch) => batch(substitute(branch, shared), own, size));
  return whenTrue.map((y, i) => {
    const value = { node: chosen(test.node, led(yes[i], size), led(no[i], size)), has: true };
    if (!isFloat(y.dtype)) return value;
    const backward: CustomBackward = (here, cotangent) =>
      controlBackward(
        make("cond", here, node.attrs),
        whenTrue.map((_, k) => (k === i ? cotangent : undefined)),
        pullback,
      );
    const one = make("custom", [result(node, i), ...node.inputs], { backward });
    return batchMark(one, [value, ...inputs], size, batch);
  });
}
