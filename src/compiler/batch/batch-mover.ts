import { bytesOf } from "../../graph/dtype.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise, ops } from "../../graph/ops.ts";
import { inheriting } from "../../graph/origin.ts";
import { countReaders, topological, withInputs } from "../../graph/walk.ts";
import type { Move } from "../../transforms/batching/axis.ts";
import { remade } from "../../transforms/batching/follow.ts";
import { moveAxis } from "../../transforms/batching/samples.ts";
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
  #readers: ReadonlyMap<Node, number> = new Map();
  /** What does not run along the batch. */
  readonly #others = new Map<Node, Node>();

  constructor(batch: Batch, seeds: ReadonlyMap<Node, number>) {
    this.#batch = batch;
    this.#seeds = seeds;
  }

  rebuild(roots: readonly Node[]): Node[] {
    const order = topological(roots);
    this.#readers = countReaders(roots, order);
    for (const node of order) {
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
    return moveAxis(laid.node, node.shape.length - 1, this.#batch.axis.get(node) as number);
  }

  /** A value with axis `at` last. */
  #last(node: Node, at: number): Node {
    const laid = this.#laid.get(node);
    if (laid?.last) return laid.node;
    return moveAxis(this.#first(node), at, node.shape.length - 1);
  }

  /** A value as it is computed anyway, and where the batch is in it. */
  #any(node: Node): Moved {
    return this.#laid.get(node) ?? this.#asIs(node);
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
    if (node.is("contract")) return this.#remade(node, isNarrow(node, this.#batch));
    if (["gather", "scatter", "running"].includes(ops[node.op].class))
      return { node: this.#asWritten(node), last: false };
    const { last } = this.#any(node.inputs[0]);
    return last ? this.#remade(node, last) : { node: this.#asWritten(node), last };
  }

  /** What comes from outside is copied where few features would have it read across. */
  #seed(node: Node, at: number): Moved {
    if (!isNarrow(node, this.#batch)) return { node, last: false };
    // Padding by nothing is no view: it is written once, and all read that.
    const none = node.shape.map(() => 0);
    const last = moveAxis(node, at, node.shape.length - 1);
    return { node: make("pad", [last], { before: none, after: none }), last: true };
  }

  #other(node: Node): Node {
    const isTotal = this.#batch.totals.has(node) && (node.is("sum") || node.is("max"));
    return node.is("contract") || isTotal ? this.#remade(node, false).node : this.#asWritten(node);
  }

  #asWritten(node: Node): Node {
    return withInputs(
      node,
      node.inputs.map((x) => this.#first(x)),
    );
  }

  /** A node on its operands as they are computed, with the batch last in its result or where it was. */
  #remade(node: Node, last: boolean): Moved {
    const { axis, size } = this.#batch;
    const move = (x: Node, isLast: boolean): Move => {
      const from = axis.get(x);
      return { from, to: from !== undefined && isLast ? x.shape.length - 1 : from };
    };
    const [first, ...others] = node.inputs;
    const operands = [this.#any(first), ...others.map((x) => (node.is("again") ? this.#asIs(x) : this.#any(x)))];
    const moves = {
      operands: node.inputs.map((x, i) => move(x, operands[i].last)),
      result: move(node, last),
      size,
    };
    const made = remade(
      node,
      operands.map((x) => x.node),
      moves,
    );
    const [x] = made.inputs;
    // The order of a product's axes was chosen for other lanes; it has no other reader.
    if (!made.is("permute") || !x.is("contract") || this.#readers.get(first) !== 1) return { node: made, last };
    const out = made.attrs.order.map((place) => x.attrs.out[place]);
    return { node: make("contract", x.inputs, { ...x.attrs, out }), last };
  }

  #asIs(node: Node): Moved {
    return { node: this.#first(node), last: false };
  }
}

/** What a value is only a copy of, with the batch last; any other value itself. */
export function copiedFrom(node: Node): Node {
  const [x] = node.inputs;
  const whole = node.is("pad") && [...node.attrs.before, ...node.attrs.after].every((n) => n === 0);
  return whole && x.is("permute") ? x.inputs[0] : node;
}
