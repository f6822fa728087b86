import { close, formal, type Slot } from "../../graph/body.ts";
import { built, controlOf, makeControl, resultsOf, type Scan, valuesOf, withBodies } from "../../graph/control.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { inheriting } from "../../graph/origin.ts";
import { sizeOf } from "../../graph/shape.ts";
import { rewrite, rewriteOn, topological, withInputs } from "../../graph/walk.ts";
import { joinAxis, splitAxis } from "../../tensor/movement/axis-blocks.ts";
import { uniform } from "../../tensor/operands.ts";
import { prune } from "../simplify/prune.ts";
import { batchOf } from "./batch.ts";
import type { Batch } from "./batch-axes.ts";
import { isInside, isSpread } from "./batch-loop.ts";
import { leavesOf, seedsOf } from "./batch-seeds.ts";
import { type Block, remake, spreadOver } from "./block-nodes.ts";
import { type Limits, rowsOf, usual } from "./block-rows.ts";

/**
 * Takes a large batch block by block: all layers for some samples, forward and backward, then for the next. What the
 * layers pass on to one another then stays in a core's own cache, and is as large as a block and not as the batch. Sums
 * over the batch (losses, gradients of weights) are made for every block, and summed when all blocks are done.
 *
 * A block is an iteration of a scan without carries, whose iterations may run side by side: threads then meet once a step and not
 * once a layer, and each finds in its own cache what it wrote. That pays for batches, too, which fit in the cache (a
 * training step of 100-128-64-1 and 256 samples: 1.4 times as fast on two threads, no slower on one).
 */
export function inBlocks(roots: readonly Node[], limits: Limits = usual): Node[] {
  const blocked = takeInBlocks(roots, leavesOf(roots), limits);
  return rewrite(blocked, (node, inputs) => {
    const made = withInputs(node, inputs);
    const loop = controlOf(made);
    if (loop?.op !== "while") return made;
    const formals = loop.captured.map((s) => s.formal);
    const sources = loop.captured.map((s) => s.input);
    const out = takeInBlocks(resultsOf(loop).flatMap(valuesOf), formals, limits, sources);
    return makeControl(withBodies(loop, [loop.test, ...out]));
  });
}

function takeInBlocks(
  roots: readonly Node[],
  leaves: readonly Node[],
  limits: Limits,
  sources: readonly Node[] = leaves,
): Node[] {
  const found = [...seedsOf(leaves, sources, limits)].map(([size, seeds]) => {
    return { size, seeds, numbers: [...seeds.keys()].reduce((n, x) => n + sizeOf(x.shape), 0) };
  });
  const sorted = found.sort((a, b) => b.numbers - a.numbers);
  const long = sorted.find(({ size }) => size >= limits.samples);
  for (const candidate of new Set([long, sorted[0]])) {
    if (!candidate) continue;
    const batch = batchOf(roots, candidate.seeds, candidate.size);
    const rows = rowsOf(batch, limits);
    // Of a loop that is taken along, nothing is left outside but what the batch has no part in.
    if (rows !== undefined) return prune(new Blocks(batch, candidate.seeds, rows).rebuild(roots));
  }
  return [...roots];
}

class Blocks {
  readonly #batch: Batch;
  readonly #seeds: ReadonlyMap<Node, number>;
  readonly #rows: number;
  /** What takes the place of totals, and of values along the batch that are read outside. */
  readonly #done = new Map<Node, Node>();
  /** What a pass leaves for the next ones, [blocks, ...]. */
  readonly #stacks = new Map<Node, Node>();
  /** What stands outside for values that this pass has asked for. */
  #outside = new Map<Node, Node>();

  constructor(batch: Batch, seeds: ReadonlyMap<Node, number>, rows: number) {
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
      const inside = isInside(node, this.#batch);
      for (const x of node.inputs) if (leaves(x) && (!inside || phase.get(x) !== phase.get(node))) found.add(x);
    }
    for (const x of roots) if (leaves(x)) found.add(x);
    return [...found];
  }

  #scan(results: readonly Node[], pass: number): void {
    if (results.length === 0) return;
    const { axis, totals, size, phase } = this.#batch;
    this.#outside = new Map(this.#done);
    const sequences = new Map<string, Slot>();
    const known = new Map<Node, Node>();

    const sequence = (x: Node, at: number, stack?: Node): Node => {
      const key = `${x.id}:${at}`;
      let made = sequences.get(key);
      if (!made) {
        const input = stack ?? splitAxis(x, at, this.#rows);
        made = { input, formal: formal({ shape: input.shape.slice(1), dtype: x.dtype }) };
        sequences.set(key, made);
      }
      return made.formal;
    };
    /** An operand of something along the batch; `at` is its own axis there, if it has one. */
    const operand = (x: Node, at: number | undefined): Node => {
      if (isInside(x, this.#batch) && !totals.has(x)) return inner(x);
      const outer = this.#outer(x);
      if (at === undefined || x.shape[at] !== size) return outer;
      return isSpread(outer, at) ? spreadOver(outer, at, this.#rows, (y) => y) : sequence(outer, at);
    };
    const isHere = (x: Node) => axis.has(x) && !this.#seeds.has(x) && phase.get(x) === pass;
    const block: Block = { batch: this.#batch, rows: this.#rows, operand, isHere };
    const inner = (node: Node): Node => {
      let made = known.get(node);
      if (!made) {
        const at = axis.get(node);
        const given = at !== undefined && (this.#seeds.has(node) || (phase.get(node) as number) < pass);
        made = given
          ? sequence(this.#outer(node), at, this.#stacks.get(node))
          : inheriting(node.origin, () => remake(node, block));
        known.set(node, made);
      }
      return made;
    };
    // In order, so that no chain of expressions is followed by recursion alone.
    for (const node of topological(results)) {
      if (isHere(node)) inner(node);
    }

    const ys = results.map(inner);
    const formals = [...sequences.values()].map((s) => s.formal);
    const closed = close(ys, formals);
    const scan: Scan = {
      op: "scan",
      length: size / this.#rows,
      reverse: false,
      carry: [],
      xs: [...sequences.values()],
      captured: closed.captured,
      outs: closed.outputs.map((y) => ({ values: [y] })),
    };
    const stackOf = built(scan);
    results.forEach((node, index) => {
      const stack = stackOf(scan.outs[index]);
      const total = totals.get(node);
      const whole = total
        ? this.#begun(node, make(total, [stack], { axes: [0] }))
        : joinAxis(stack, axis.get(node) as number);
      this.#done.set(node, whole);
      if (!total) this.#stacks.set(node, stack);
    });
  }

  /** The total of all blocks; with what the sum began with, where a loop carries it. */
  #begun(node: Node, total: Node): Node {
    const along = node.is("result") ? this.#batch.loops.get(node.inputs[0]) : undefined;
    const carry = node.is("result") ? along?.loop.carry[node.attrs.index] : undefined;
    if (!carry || !along?.sums.has(carry)) return total;
    const first = this.#outer(carry.input);
    return uniform(first) === 0 ? total : make("add", [first, total], {});
  }

  /** What stands for a value outside the passes. */
  #outer(node: Node): Node {
    return rewriteOn([node], withInputs, this.#outside)[0];
  }
}
