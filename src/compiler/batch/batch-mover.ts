import { bytesOf } from "../../graph/dtype.ts";
import { InternalError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise, ops } from "../../graph/ops.ts";
import { inheriting } from "../../graph/origin.ts";
import type { Shape } from "../../graph/shape.ts";
import { topological, withInputs } from "../../graph/walk.ts";
import type { Batch } from "./batch-axes.ts";

/**
 * Features of fewer bytes than four vectors of the widest machine are moved when anything is: neighbours then lie alike. (On
 * WebAssembly sixteen channels fill vectors well, but between layers of six they are read across: 1.6 times as long.)
 */
export function isNarrow(node: Node, { axis }: Batch): boolean {
  const at = axis.get(node) as number;
  const last = node.shape.length - 1;
  return at !== undefined && at !== last && node.shape[last] * bytesOf[node.dtype] < 256;
}

/** Where an axis of so many stands when axis `at` has gone to the end. */
const placed = (axis: number, at: number, rank: number) => (axis === at ? rank - 1 : axis - Number(axis > at));

/** A list with an entry for each axis, the one of axis `at` put last. */
const moved = <T>(list: readonly T[], at: number): T[] => [...list.filter((_, i) => i !== at), list[at]];

/** A tensor with axis `at` last. */
const permuted = (x: Node, at: number) => {
  const axes = x.shape.map((_, i) => i);
  return make("permute", [x], { order: moved(axes, at) });
};

/** A value along the batch as it is computed: the axis of the batch where it was, or last. */
interface Moved {
  readonly node: Node;
  readonly last: boolean;
}

/** Writes what runs along a batch anew, with the batch last where samples are narrow. */
export class BatchMover {
  readonly #batch: Batch;
  readonly #seeds: ReadonlyMap<Node, number>;
  readonly #laid = new Map<Node, Moved>();
  /** How many read a value. */
  readonly #readers = new Map<Node, number>();
  /** What does not run along the batch. */
  readonly #others = new Map<Node, Node>();

  constructor(batch: Batch, seeds: ReadonlyMap<Node, number>) {
    this.#batch = batch;
    this.#seeds = seeds;
  }

  rebuild(roots: readonly Node[]): Node[] {
    for (const x of [...roots, ...topological(roots).flatMap((node) => node.inputs)]) {
      this.#readers.set(x, (this.#readers.get(x) ?? 0) + 1);
    }
    for (const node of topological(roots)) {
      inheriting(node.origin, () => {
        if (this.#batch.axis.has(node)) this.#laid.set(node, this.#lay(node));
        else this.#others.set(node, this.#other(node));
      });
    }
    return roots.map((node) => this.#first(node));
  }

  /** A value with its axes as they were. */
  #first(node: Node): Node {
    const laid = this.#laid.get(node);
    if (!laid?.last) return laid?.node ?? (this.#others.get(node) as Node);
    const at = this.#batch.axis.get(node) as number;
    const order = node.shape.map((_, i) => placed(i, at, node.shape.length));
    return make("permute", [laid.node], { order });
  }

  /** A value with axis `at` last. */
  #last(node: Node, at: number): Node {
    const laid = this.#laid.get(node);
    if (laid?.last) return laid.node;
    return permuted(this.#first(node), at);
  }

  /** A value as it is computed anyway, and where the batch is in it. */
  #any(node: Node): Moved {
    return this.#laid.get(node) ?? { node: this.#first(node), last: false };
  }

  #lay(node: Node): Moved {
    const at = this.#batch.axis.get(node) as number;
    if (this.#seeds.has(node)) return this.#seed(node, at);
    if (isElementwise(node.op)) {
      const along = node.inputs.flatMap((x) => this.#laid.get(x) ?? []);
      const last = along.every((x) => x.last) || (along.some((x) => x.last) && isNarrow(node, this.#batch));
      const inputs = node.inputs.map((x) => (last ? this.#last(x, at) : this.#first(x)));
      return { node: make(node.op, inputs, node.attrs), last };
    }
    if (node.is("contract")) return this.#contract(node, isNarrow(node, this.#batch));
    if (["gather", "scatter", "running"].includes(ops[node.op].class))
      return { node: this.#asWritten(node), last: false };
    const { node: x, last } = this.#any(node.inputs[0]);
    return last ? { node: this.#move(node, x, at), last } : { node: this.#asWritten(node), last };
  }

  /** What comes from outside is copied where few features would have it read across. */
  #seed(node: Node, at: number): Moved {
    if (!isNarrow(node, this.#batch)) return { node, last: false };
    // Padding by nothing is no view: it is written once, and all read that.
    const none = node.shape.map(() => 0);
    return { node: make("pad", [permuted(node, at)], { before: none, after: none }), last: true };
  }

  #other(node: Node): Node {
    if (node.is("contract")) return this.#contract(node, false).node;
    if (this.#batch.totals.has(node) && (node.is("sum") || node.is("max"))) return this.#reduce(node);
    return this.#asWritten(node);
  }

  #asWritten(node: Node): Node {
    return withInputs(
      node,
      node.inputs.map((x) => this.#first(x)),
    );
  }

  #contract(node: Node<"contract">, last: boolean): Moved {
    const { axis } = this.#batch;
    const [x, y] = node.inputs.map((z) => this.#any(z));
    const labels = (list: readonly number[], z: Node, laid: Moved) =>
      laid.last ? moved(list, axis.get(z) as number) : list;
    const { a, b, out } = node.attrs;
    const attrs = {
      a: labels(a, node.inputs[0], x),
      b: labels(b, node.inputs[1], y),
      out: last ? moved(out, axis.get(node) as number) : out,
    };
    return { node: make("contract", [x.node, y.node], attrs), last };
  }

  #reduce(node: Node<"sum"> | Node<"max">): Node {
    const [source] = node.inputs;
    const { node: x, last } = this.#any(source);
    const at = this.#batch.axis.get(source) as number;
    const axes = node.attrs.axes.map((axis) => (last ? placed(axis, at, source.shape.length) : axis));
    return make(node.op, [x], { axes: axes.sort((p, q) => p - q) });
  }

  /** An op with one operand along the batch, on that operand with the batch last. */
  #move(node: Node, x: Node, at: number): Node {
    const [source] = node.inputs;
    const from = this.#batch.axis.get(source) as number;
    const there = (axis: number) => placed(axis, from, source.shape.length);
    const shape = (list: Shape) => moved(list, at);
    if (node.is("sum") || node.is("max")) return this.#reduce(node);
    if (node.is("permute")) {
      const order = moved(node.attrs.order, at).map(there);
      // The order of a product's axes was chosen for other lanes; it has no other reader.
      if (!x.is("contract") || this.#readers.get(source) !== 1) return make("permute", [x], { order });
      return make("contract", x.inputs, { ...x.attrs, out: order.map((axis) => x.attrs.out[axis]) });
    }
    if (node.is("expand")) return make("expand", [x], { shape: shape(node.shape) });
    if (node.is("reshape")) return make("reshape", [x], { shape: shape(node.shape) });
    if (node.is("again")) return make("again", [x, this.#first(node.inputs[1])], node.attrs);
    if (node.is("flip")) return make("flip", [x], { axes: node.attrs.axes.map(there) });
    if (node.is("slice")) return make("slice", [x], { start: shape(node.attrs.start), stop: shape(node.attrs.stop) });
    if (node.is("pad")) return make("pad", [x], { before: shape(node.attrs.before), after: shape(node.attrs.after) });
    if (node.is("window")) return make("window", [x], { ...node.attrs, axis: there(node.attrs.axis) });
    if (node.is("overlap")) return make("overlap", [x], { ...node.attrs, axis: there(node.attrs.axis) });
    throw new InternalError(`${node.op} does not run along a batch`);
  }
}

/** What a value is only a copy of, with the batch last; any other value itself. */
export function copiedFrom(node: Node): Node {
  const [x] = node.inputs;
  const whole = node.is("pad") && [...node.attrs.before, ...node.attrs.after].every((n) => n === 0);
  return whole && x.is("permute") ? x.inputs[0] : node;
}
