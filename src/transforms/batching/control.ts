import { formal } from "../../graph/body.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import type { TensorType } from "../../graph/shape.ts";
import { iterationsOf, type Loop } from "../../graph/types.ts";
import { substitute } from "../../graph/walk.ts";
import { elementwise } from "../../tensor/operands.ts";
import { result } from "../zero.ts";
import { anyOf, both, masked, ownIn } from "./masked.ts";
import { type Batch, type Batched, chosen, led, permuted, type Samples } from "./samples.ts";
import { capturedAs, sequenceAs, stackAs } from "./stacks.ts";

/** A loop or branch for all samples: its results; undefined where `node` is none. */
export function batchControl(
  node: Node,
  inputs: readonly Batched[],
  size: number,
  batch: Batch,
  takes: Node | undefined,
): readonly Batched[] | undefined {
  if (node.is("scan") || node.is("while")) return batchLoop(node, inputs, size, batch, takes);
  if (!node.is("cond")) return undefined;
  const branch = inputs[0].has ? batchChoice : batchBranch;
  return branch(node, inputs, size, batch, takes);
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

const samplesOf = (formals: readonly Node[], has: readonly boolean[], size: number): Samples =>
  new Map(formals.flatMap((x, i) => (has[i] ? [[x, forAll(x, size)] as const] : [])));

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
function batchLoop(
  node: Loop,
  inputs: readonly Batched[],
  size: number,
  batch: Batch,
  takes: Node | undefined,
): readonly Batched[] {
  const { carry, captured, next, ys } = node.attrs;
  const xs = node.is("scan") ? node.attrs.xs : [];
  const [c, x] = [carry.length, carry.length + xs.length];
  const formals = [...carry, ...xs, ...captured];
  const has = inputs.map((input) => input.has);
  const outside = takes && formalFor(takes);
  /** How what does not change from iteration to iteration comes in. */
  const others = inputs.map((input, i) => {
    if (i < c || !input.has) return undefined;
    return i < x ? sequenceAs(input.node) : capturedAs(input.node);
  });
  const places = () => formals.map((one, i) => (has[i] ? forAll(one, size, others[i]?.order) : one));
  let head: Batched | undefined;
  let inside: Node | undefined;
  let body: Batched[];
  for (;;) {
    const here = places();
    const samples: Samples = new Map(
      formals.flatMap((one, i) => {
        const order = others[i]?.order;
        return has[i] ? [[one, order ? permuted(here[i], order) : here[i]] as const] : [];
      }),
    );
    [head] = batch(headOf(node), samples, size);
    inside = head?.has ? both(outside, takesIteration(node, head.node)) : outside;
    body = batch([...next, ...ys], samples, size, inside);
    const grown = carry.map((_, i) => has[i] || head?.has || body[i].has);
    if (grown.every((now, i) => now === has[i])) break;
    has.splice(0, c, ...grown);
  }
  const [at, stacks] = [places(), body.slice(c).map((y) => (y.has ? stackAs(y.node) : { y: y.node, of: undefined }))];
  const given = inputs.map((input, i) => others[i]?.node ?? (has[i] ? ownIn(input, size, takes) : input.node));
  const parts: Parts = {
    carry: { formals: at.slice(0, c), given: given.slice(0, c) },
    xs: { formals: at.slice(c, x), given: given.slice(c, x) },
    captured: {
      formals: [...at.slice(x), ...(outside ? [outside] : [])],
      given: [...given.slice(x), ...(takes ? [takes] : [])],
    },
    next: carry.map((_, i) => {
      const all = has[i] ? led(body[i], size) : body[i].node;
      return head?.has && inside ? chosen(inside, all, at[i]) : all;
    }),
    ys: stacks.map(({ y }) => y),
  };
  const loop = node.is("scan")
    ? scanOf(node, parts, head)
    : whileOf(node as Node<"while">, parts, head as Batched, inside);
  return [
    ...carry.map((_, i) => ({ node: result(loop, i), has: has[i] })),
    ...ys.map((_, i) => {
      const stack = result(loop, c + i);
      const { of } = stacks[i];
      return { node: of ? of(stack) : stack, has: of !== undefined };
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

/** Which samples take an iteration, from the loop's test, or from how many each of them takes. */
const takesIteration = (node: Loop, head: Node) => (node.is("while") ? head : elementwise("lt", [placeIn(head), head]));

/** The number of an iteration, in the body of a scan that each sample takes as often as `count` says. */
const placeIn = (count: Node) => formalFor(count, { shape: [], dtype: "int32" });

function scanOf(node: Node<"scan">, parts: Parts, count: Batched | undefined): Node {
  const { carry, xs, captured, next, ys } = parts;
  const inputs = [...carry.given, ...xs.given, ...captured.given];
  const body = { carry: carry.formals, xs: xs.formals, captured: captured.formals, next, ys };
  if (!count?.has) return make("scan", inputs, { ...node.attrs, ...body });
  const most = make("max", [captured.given[captured.formals.indexOf(count.node)]], { axes: [0] });
  const all = formal(most);
  const places = make("iota", [], { length: iterationsOf(node) });
  return make("scan", [...carry.given, ...xs.given, places, ...captured.given, most], {
    ...node.attrs,
    ...body,
    xs: [...xs.formals, placeIn(count.node)],
    captured: [...captured.formals, all],
    count: all,
  });
}

function whileOf(node: Node<"while">, parts: Parts, test: Batched, takes: Node | undefined): Node {
  const { carry, captured, next, ys } = parts;
  const any = takes && anyOf(takes);
  return make("while", [...carry.given, ...captured.given], {
    ...node.attrs,
    carry: carry.formals,
    captured: captured.formals,
    test: any && !test.has ? both(any, test.node) : (any ?? test.node),
    next,
    ys,
  });
}

/** All samples take the same branch. */
function batchBranch(
  node: Node<"cond">,
  inputs: readonly Batched[],
  size: number,
  batch: Batch,
  takes: Node | undefined,
): readonly Batched[] {
  const { captured, whenTrue, whenFalse } = node.attrs;
  const own = inputs.slice(1).map(({ has }) => has);
  const samples = samplesOf(captured, own, size);
  const inside = takes && formalFor(takes);
  const [yes, no] = [whenTrue, whenFalse].map((branch) => batch(branch, samples, size, inside));
  const has = yes.map((y, i) => y.has || no[i].has);
  const side = (branch: readonly Batched[]) => branch.map((y, i) => (has[i] ? ownIn(y, size, inside) : y.node));
  const branch = make("cond", [...inputs.map((x) => x.node), ...(takes ? [takes] : [])], {
    captured: [...captured.map((x) => samples.get(x) ?? x), ...(inside ? [inside] : [])],
    whenTrue: side(yes),
    whenFalse: side(no),
  });
  return has.map((own, i) => ({ node: result(branch, i), has: own }));
}

/** Each sample takes a branch of its own: both are computed, and one is chosen. */
function batchChoice(
  node: Node<"cond">,
  inputs: readonly Batched[],
  size: number,
  batch: Batch,
  takes: Node | undefined,
): readonly Batched[] {
  const [{ node: test }, ...given] = inputs;
  const { captured, whenTrue, whenFalse } = node.attrs;
  const side = (branch: readonly Node[], takesIt: Node) => {
    const any = anyOf(takesIt);
    const shared = captured.flatMap((x, i) => (given[i].has ? [] : [[x, masked(given[i].node, any)] as const]));
    const own = captured.flatMap((x, i) => (given[i].has ? [[x, given[i].node] as const] : []));
    return batch(substitute(branch, new Map(shared)), new Map(own), size, takesIt);
  };
  const yes = side(whenTrue, both(takes, test));
  const no = side(whenFalse, both(takes, elementwise("not", [test])));
  return yes.map((y, i) => ({ node: chosen(test, led(y, size), led(no[i], size)), has: true }));
}
