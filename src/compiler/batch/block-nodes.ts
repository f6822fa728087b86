import { formal, type Slot } from "../../graph/body.ts";
import { makeControl, resultsOf, slotsOf, valuesOf } from "../../graph/control.ts";
import { InternalError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { inheriting } from "../../graph/origin.ts";
import type { Shape } from "../../graph/shape.ts";
import { topological, withInputs } from "../../graph/walk.ts";
import { constant, spread, uniform } from "../../tensor/operands.ts";
import { movesBetween } from "../../transforms/batching/axis.ts";
import { remade } from "../../transforms/batching/follow.ts";
import { alongOf, type Batch, type BatchLoop } from "./batch-axes.ts";
import { isInside } from "./batch-loop.ts";

/** The samples of one block, for which nodes are made anew. */
export interface Block {
  readonly batch: Batch;
  readonly rows: number;
  /** What an operand is in the block; `at` is the axis that is cut, if it has one. */
  operand(x: Node, at: number | undefined): Node;
  /** Whether it is computed in the block. */
  isHere(x: Node): boolean;
}

/** A node for the samples of one block. */
export function remake(node: Node, block: Block): Node {
  const { batch, rows } = block;
  const loop = batch.loops.get(node);
  if (loop) return remakeLoop(loop, block);
  const along = alongOf(node, batch.axis);
  if (node.is("again")) {
    const [x, when] = node.inputs;
    const value = block.operand(x, along?.operands[0]);
    return make("again", [value, block.isHere(when) ? block.operand(when, undefined) : value], node.attrs);
  }
  const inputs = node.inputs.map((x, i) => block.operand(x, along?.operands[i]));
  // A loop's result, and what is made of sums, have nothing that is cut.
  return along
    ? remade(node, inputs, movesBetween(inputs.length, along, along, rows))
    : make(node.op, inputs, node.attrs);
}

/** A loop over the samples of one block. Its sums begin at zero: what they began with is added when all blocks are done. */
function remakeLoop({ loop, body, sums, at: axisOf }: BatchLoop, block: Block): Node {
  const known = new Map<Node, Node>();
  const inside = (x: Node): Node => {
    const made = known.get(x);
    if (!made) throw new InternalError("a node of a block was made before its inputs");
    return made;
  };
  const formals = new Set(slotsOf(loop).map((s) => s.formal));
  const own: Block = {
    batch: body,
    rows: block.rows,
    operand: (x, at) => {
      if (at === undefined || x.shape[at] !== body.size || body.axis.has(x)) return inside(x);
      return spreadOver(x, at, block.rows, inside);
    },
    isHere: () => true,
  };
  for (const x of topological([...formals, ...resultsOf(loop).flatMap(valuesOf)])) {
    const at = body.axis.get(x);
    const made = () => {
      if (formals.has(x))
        return at === undefined ? x : formal({ shape: cutShape(x.shape, at, block.rows), dtype: x.dtype });
      if (isInside(x, body)) return remake(x, own);
      // Of what does not run along the batch nothing waits for what does.
      return x.is("again") ? inside(x.inputs[0]) : withInputs(x, x.inputs.map(inside));
    };
    known.set(x, inheriting(x.origin, made));
  }
  const slot = (s: Slot): Slot => ({
    formal: inside(s.formal),
    input: sums.has(s) ? spread(constant(0, s.input.dtype), s.input.shape) : block.operand(s.input, axisOf.get(s)),
  });
  return makeControl({
    ...loop,
    carry: loop.carry.map((c) => ({
      ...slot(c),
      next: own.operand(c.next, sums.has(c) ? undefined : axisOf.get(c)),
    })),
    xs: loop.xs.map(slot),
    captured: loop.captured.map(slot),
    count: loop.count && slot(loop.count),
    outs: loop.outs.map((y) => ({ values: y.values.map(inside) })),
  });
}

/** What is the same for all samples (isSpread), for so many; `source` is what stands for what was spread. */
export function spreadOver(x: Node, at: number, rows: number, source: (x: Node) => Node): Node {
  const known = new Map<Node, Node>();
  const over = (y: Node): Node => {
    const made = known.get(y) ?? anew(y);
    known.set(y, made);
    return made;
  };
  const anew = (y: Node): Node => {
    const value = uniform(y);
    const shape = cutShape(y.shape, at, rows);
    if (value !== undefined) return spread(constant(value, y.dtype), shape);
    return y.is("expand") ? spread(source(y.inputs[0]), shape) : make(y.op, y.inputs.map(over), y.attrs);
  };
  return over(x);
}

export const cutShape = (shape: Shape, at: number, rows: number) => shape.map((n, i) => (i === at ? rows : n));
