import { bound, close } from "../graph/body.ts";
import { InternalError } from "../graph/errors.ts";
import { make, type Node } from "../graph/node.ts";
import { isElementwise, type OpAttrs } from "../graph/ops.ts";
import { inheriting } from "../graph/origin.ts";
import { bytesIn, type Shape, sizeOf } from "../graph/shape.ts";
import { rewrite, rewriteOn, topological, withInputs } from "../graph/walk.ts";
import { reshapeNode } from "../tensor/operands.ts";
import { type Batch, batchOf, bytesPerSample } from "./batch.ts";

/**
 * Takes a large batch block by block: all layers for some samples, forward and backward, then for the next. What the
 * layers pass on to one another then stays in a core's own cache, and is as large as a block and not as the batch. Sums
 * over the batch (losses, gradients of weights) are made for every block, and summed when all blocks are done.
 *
 * A block is a turn of a scan without carries, whose turns may run side by side: threads then meet once a step and not
 * once a layer, and each finds in its own cache what it wrote. That pays for batches, too, which fit in the cache (a
 * training step of 100-128-64-1 and 256 samples: 1.4 times as fast on two threads, no slower on one).
 */
export function inBlocks(roots: readonly Node[], limits: Limits = usual): Node[] {
  const seeds = topological(roots).filter((x) => x.is("input") || x.is("data"));
  const blocked = takeInBlocks(roots, seeds, limits);
  return rewrite(blocked, (node, inputs) => {
    const made = withInputs(node, inputs);
    if (!made.is("while")) return made;
    const { captured, next, ys } = made.attrs;
    const out = takeInBlocks([...next, ...ys], captured, limits);
    return make("while", made.inputs, { ...made.attrs, next: out.slice(0, next.length), ys: out.slice(next.length) });
  });
}

export interface Limits {
  /** What fits into a core's own cache beside the weights. */
  readonly blockBytes: number;
  /** A batch that takes no more bytes than this is not worth cutting. */
  readonly smallBatch: number;
  /** Fewer samples than this are none. */
  readonly samples: number;
}

const usual: Limits = { blockBytes: 2 ** 19, smallBatch: 2 ** 18, samples: 128 };

function takeInBlocks(roots: readonly Node[], seeds: readonly Node[], limits: Limits): Node[] {
  const sizes = new Map<number, number>();
  for (const x of seeds) {
    if (x.shape.length > 0 && x.shape[0] >= limits.samples)
      sizes.set(x.shape[0], (sizes.get(x.shape[0]) ?? 0) + sizeOf(x.shape));
  }
  const [largest] = [...sizes].sort((a, b) => b[1] - a[1]);
  if (!largest) return [...roots];
  const batch = batchOf(roots, new Set(seeds), largest[0]);
  const rows = rowsOf(batch, limits);
  return rows === undefined ? [...roots] : new Blocks(batch, new Set(seeds), rows).rebuild(roots);
}

/** Samples in a block; undefined where blocks do not pay. */
function rowsOf(batch: Batch, { blockBytes, smallBatch }: Limits): number | undefined {
  const products = [...batch.axis.keys(), ...batch.totals].filter((node) => node.op === "contract").length;
  const perSample = bytesPerSample(batch);
  const totals = [...batch.totals].reduce((n, x) => n + bytesIn(x), 0);
  if (products < 3 || perSample * batch.size < smallBatch || totals > blockBytes / 2) return undefined;
  const wanted = blockBytes / perSample;
  if (wanted < fewestRows) return undefined;
  const most = Math.min(1.5 * wanted, batch.size / 4);
  const fitting: number[] = [];
  for (let rows = Math.floor(most); rows >= Math.max(fewestRows, most / 4); rows--) {
    if (batch.size % rows === 0) fitting.push(rows);
  }
  // Whole vectors, should they come to lie along the block (batch-last.ts).
  return fitting.find((rows) => rows % wholeVectors === 0) ?? fitting[0];
}

/** A multiple of the lanes of any machine. */
const wholeVectors = 16;

/** Fewer rows do not fill a register tile. */
const fewestRows = 12;

class Blocks {
  readonly #batch: Batch;
  readonly #seeds: ReadonlySet<Node>;
  readonly #rows: number;
  /** What takes the place of totals, and of values along the batch that somebody outside reads. */
  readonly #done = new Map<Node, Node>();
  /** What stands outside for values that this pass has asked for. */
  #outside = new Map<Node, Node>();

  constructor(batch: Batch, seeds: ReadonlySet<Node>, rows: number) {
    this.#batch = batch;
    this.#seeds = seeds;
    this.#rows = rows;
  }

  rebuild(roots: readonly Node[]): Node[] {
    const { phase } = this.#batch;
    const results = this.#results(roots);
    const last = Math.max(-1, ...results.map((x) => phase.get(x) as number));
    for (let pass = 0; pass <= last; pass++) {
      this.#scan(
        results.filter((x) => phase.get(x) === pass),
        pass,
      );
    }
    return rewrite(roots, withInputs, this.#done);
  }

  /** Totals, and what leaves the pass in which it is computed. */
  #results(roots: readonly Node[]): Node[] {
    const { axis, totals, phase } = this.#batch;
    const found = new Set<Node>();
    const leaves = (x: Node) => axis.has(x) && !this.#seeds.has(x);
    for (const node of topological(roots)) {
      if (totals.has(node)) found.add(node);
      const inside = axis.has(node) || totals.has(node);
      for (const x of node.inputs) if (leaves(x) && (!inside || phase.get(x) !== phase.get(node))) found.add(x);
    }
    for (const x of roots) if (leaves(x)) found.add(x);
    return [...found];
  }

  #scan(results: readonly Node[], pass: number): void {
    if (results.length === 0) return;
    const { axis, size, phase } = this.#batch;
    this.#outside = new Map(this.#done);
    const sequences = new Map<string, { source: Node; formal: Node }>();
    const known = new Map<Node, Node>();

    const sequence = (x: Node, at: number): Node => {
      const key = `${x.id}:${at}`;
      let made = sequences.get(key);
      if (!made) {
        const source = this.#split(x, at);
        made = { source, formal: bound({ shape: source.shape.slice(1), dtype: x.dtype }) };
        sequences.set(key, made);
      }
      return made.formal;
    };
    /** An operand of something along the batch; `at` is its own axis there, if it has one. */
    const operand = (x: Node, at: number | undefined): Node => {
      if (axis.has(x)) return inner(x);
      const outer = this.#outer(x);
      if (at === undefined || x.shape[at] !== size) return outer;
      // What is the same for all samples is spread anew.
      if (outer.is("expand") && outer.inputs[0].shape[at] === 1) {
        return make("expand", outer.inputs, { shape: this.#cut(x.shape, at) });
      }
      return sequence(outer, at);
    };
    const inner = (node: Node): Node => {
      let made = known.get(node);
      if (!made) {
        const at = axis.get(node);
        const given = at !== undefined && (this.#seeds.has(node) || (phase.get(node) as number) < pass);
        made = given
          ? sequence(this.#outer(node), at)
          : inheriting(node.origin, () => this.#remake(node, pass, operand));
        known.set(node, made);
      }
      return made;
    };
    // In order, so that no chain of expressions is followed by recursion alone.
    for (const node of topological(results)) {
      if (axis.has(node) && phase.get(node) === pass && !this.#seeds.has(node)) inner(node);
    }

    const ys = results.map(inner);
    const formals = [...sequences.values()].map((s) => s.formal);
    const closed = close(ys, formals);
    const scan = make("scan", [...[...sequences.values()].map((s) => s.source), ...closed.sources], {
      length: size / this.#rows,
      reverse: false,
      carry: [],
      xs: formals,
      captured: closed.captured,
      next: [],
      ys: closed.outputs,
    });
    results.forEach((node, index) => {
      const stack = make("pick", [scan], { index });
      const at = axis.get(node);
      const whole =
        at === undefined
          ? make(node.is("maximum") ? "maximum" : "sum", [stack], { axes: [0] })
          : this.#joined(stack, node.shape, at);
      this.#done.set(node, whole);
    });
  }

  /** What stands for a value outside the passes. */
  #outer(node: Node): Node {
    return rewriteOn([node], withInputs, this.#outside)[0];
  }

  #cut(shape: Shape, at: number): number[] {
    return shape.map((n, i) => (i === at ? this.#rows : n));
  }

  /** [.., size, ..] as [blocks, .., rows, ..]. */
  #split(x: Node, at: number): Node {
    const { size } = this.#batch;
    const split = reshapeNode(x, [...x.shape.slice(0, at), size / this.#rows, this.#rows, ...x.shape.slice(at + 1)]);
    if (at === 0) return split;
    const order = split.shape.map((_, i) => i).filter((i) => i !== at);
    return make("permute", [split], { order: [at, ...order] });
  }

  #joined(stack: Node, shape: Shape, at: number): Node {
    if (at === 0) return reshapeNode(stack, shape);
    const rest = stack.shape.map((_, i) => i).slice(1);
    const order = [...rest.slice(0, at), 0, ...rest.slice(at)];
    return reshapeNode(make("permute", [stack], { order }), shape);
  }

  /** A node for the samples of one block. */
  #remake(node: Node, pass: number, operand: (x: Node, at: number | undefined) => Node): Node {
    const { axis } = this.#batch;
    const [x] = node.inputs;
    const at = axis.get(node);
    const own = axis.get(x);
    const moved = <K extends "expand" | "reshape">(op: K): Node => {
      return make(op, [operand(x, own)], { shape: this.#cut(node.shape, at as number) } as OpAttrs[K]);
    };
    if (isElementwise(node.op)) {
      return make(
        node.op,
        node.inputs.map((z) => operand(z, at)),
        node.attrs,
      );
    }
    if (node.is("contract")) {
      const { a, b } = node.attrs;
      const [p, q] = node.inputs.map((z) => axis.get(z));
      const label = p === undefined ? b[q as number] : a[p];
      const place = (labels: readonly number[]) => (labels.includes(label) ? labels.indexOf(label) : undefined);
      return make("contract", [operand(x, place(a)), operand(node.inputs[1], place(b))], node.attrs);
    }
    if (node.is("gather")) {
      return make("gather", [operand(x, undefined), operand(node.inputs[1], axis.get(node.inputs[1]))], node.attrs);
    }
    if (node.is("again")) {
      const [value, when] = [operand(x, own), node.inputs[1]];
      const inHere = axis.has(when) && !this.#seeds.has(when) && this.#batch.phase.get(when) === pass;
      return make("again", [value, inHere ? operand(when, undefined) : value], node.attrs);
    }
    if (node.is("expand")) return moved("expand");
    if (node.is("reshape")) return moved("reshape");
    if (node.is("slice")) {
      return make("slice", [operand(x, own)], { ...node.attrs, stop: this.#cut(node.attrs.stop, own as number) });
    }
    if (["sum", "maximum", "permute", "flip", "pad", "window", "overlap"].includes(node.op)) {
      return make(node.op, [operand(x, own)], node.attrs);
    }
    throw new InternalError(`${node.op} does not run along a batch`);
  }
}
