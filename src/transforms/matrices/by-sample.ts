import { formal } from "../../graph/body.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise, ops } from "../../graph/ops.ts";
import { sizeOf } from "../../graph/shape.ts";
import { dependents } from "../../graph/walk.ts";
import { eye } from "../../tensor/functions.ts";
import { concatNodes } from "../../tensor/movement/concat.ts";
import { constant, reshapeNode, spread, uniform } from "../../tensor/operands.ts";
import { batched } from "../batching/batched.ts";
import { type OneSample, oneSample } from "../batching/one-sample.ts";
import { led, moveAxis } from "../batching/samples.ts";
import { exposed } from "../exposed.ts";
import { pullback } from "../reverse.ts";
import { orZeros } from "../zero.ts";

/** Rows of a Jacobian, and how many backward passes make them. */
export interface SampleRows {
  readonly rows: Node;
  readonly passes: number;
}

/**
 * The Jacobian of residuals that belong to samples, one or a few to each: all samples' rows at once, at the price of as many batched
 * backward passes as a sample has residuals. Undefined where residuals do not belong to samples, or where that does not pay.
 *
 * @param outputs  of any shapes; their entries are the rows, in their order
 * @param wrt      what the columns stand for, one after another
 */
export function rowsBySample(outputs: readonly Node[], wrt: readonly Node[]): SampleRows | undefined {
  // Loops and branches may hide what is asked for.
  const seen = exposed([...outputs, ...wrt], wrt);
  return rowsOfAll(seen.slice(0, outputs.length), seen.slice(outputs.length));
}

function rowsOfAll(outputs: readonly Node[], wrt: readonly Node[]): SampleRows | undefined {
  const found = outputs.map((y) => rowsOfOutput(y, wrt));
  if (!found.every((x) => x !== undefined)) return undefined;
  return {
    rows: concatNodes(
      found.map((x) => x.rows),
      0,
    ),
    passes: found.reduce((sum, x) => sum + x.passes, 0),
  };
}

function rowsOfOutput(output: Node, wrt: readonly Node[]): SampleRows | undefined {
  const y = beforeReshapes(output, wrt);
  const parts = partsOf(y, wrt);
  if (parts.length > 1) return rowsOfAll(parts, wrt);
  const axes = y.shape.map((_, axis) => axis).sort((a, b) => y.shape[b] - y.shape[a]);
  for (const axis of axes) {
    if (!mayPay(y, axis, wrt)) continue;
    const one = oneSample(y, axis, wrt);
    if (one && isLight(one, wrt)) return { rows: rowsOf(one, y, axis, wrt), passes: sizeOf(one.output.shape) };
  }
  return undefined;
}

/** Entries keep their order through reshapes. */
function beforeReshapes(y: Node, wrt: readonly Node[]): Node {
  return y.is("reshape") && !wrt.includes(y) ? beforeReshapes(y.inputs[0], wrt) : y;
}

const columnsOf = (wrt: readonly Node[]) => wrt.reduce((n, x) => n + sizeOf(x.shape), 0);

/** A sample's residuals cost a backward pass each; a loop over all residuals, or over all columns, costs as many passes as there are. */
const fewPasses = 1 / 3;

function mayPay(y: Node, axis: number, wrt: readonly Node[]): boolean {
  const passes = sizeOf(y.shape) / y.shape[axis];
  return passes <= fewPasses * Math.min(sizeOf(y.shape), columnsOf(wrt));
}

/** What all samples share is derived for each of them: weights that are made of fewer knobs, but not the mean of a batch. */
const sharedWork = 4;

function isLight({ output, shared }: OneSample, wrt: readonly Node[]): boolean {
  if (shared.size === 0) return true;
  const below = dependents([...shared], wrt);
  const own = [...dependents([output], wrt)].filter((x) => !below.has(x));
  return workOf(below) <= sharedWork * workOf(own);
}

/** Terms of products, and elements of all else that computes. */
function workOf(nodes: Iterable<Node>): number {
  let work = 0;
  for (const node of nodes) {
    if (node.is("contract")) {
      const { a, b } = node.attrs;
      const [x, y] = node.inputs;
      work += sizeOf(x.shape) * sizeOf(y.shape.filter((_, i) => !a.includes(b[i])));
    } else if (ops[node.op].class !== "movement") work += sizeOf(node.shape);
  }
  return work;
}

function rowsOf({ output, given }: OneSample, y: Node, axis: number, wrt: readonly Node[]): Node {
  const samples = y.shape[axis];
  const residuals = sizeOf(output.shape);
  const cotangent = formal(output);
  const slopes = pullback([output], [cotangent], wrt).map((slope, i) => orZeros(slope, wrt[i]));
  const each = batched(slopes, new Map([[cotangent, unitsOf(output)]]), residuals).map((x) => led(x, residuals));
  const all = batched(each, given, samples).map((x) => led(x, samples));
  const parts = all.map((x, i) => {
    const columns = sizeOf(wrt[i].shape);
    const inOrder = moveAxis(reshapeNode(x, [samples, ...output.shape, columns]), 0, axis);
    return reshapeNode(inOrder, [sizeOf(y.shape), columns]);
  });
  return concatNodes(parts, 1);
}

/** [entries, ...shape]: for each entry of a shape an array that is 1 there and 0 elsewhere. */
function unitsOf({ shape, dtype }: Node): Node {
  const size = sizeOf(shape);
  if (size === 1) return spread(constant(1, dtype), [1, ...shape]);
  return reshapeNode(eye(size, dtype).node, [size, ...shape]);
}

/** What was joined along the first axis, each part for itself; the whole where nothing was. */
function partsOf(y: Node, wrt: readonly Node[]): readonly Node[] {
  const seams = new Set<number>([0, y.shape[0] ?? 1]);
  const look = (x: Node) => {
    if (wrt.includes(x)) return;
    if (x.is("pad") && x.attrs.before.every((n, i) => i === 0 || (n === 0 && x.attrs.after[i] === 0))) {
      seams.add(x.attrs.before[0]).add(x.shape[0] - x.attrs.after[0]);
    } else if (isElementwise(x.op) && x.inputs.length > 0) x.inputs.forEach(look);
  };
  if (y.shape.length > 0) look(y);
  const places = [...seams].sort((a, b) => a - b);
  if (places.length === 2) return [y];
  return places.slice(1).map((to, i) => entries(y, places[i], to, wrt));
}

/** Entries of the first axis, of what was joined along it only the part that lies there. */
function entries(x: Node, from: number, to: number, wrt: readonly Node[]): Node {
  const shape = [to - from, ...x.shape.slice(1)];
  const value = uniform(x);
  if (value !== undefined) return spread(constant(value, x.dtype), shape);
  if (x.is("pad") && !wrt.includes(x)) {
    const [inner] = x.inputs;
    const first = x.attrs.before[0];
    const isApart = to <= first || from >= first + inner.shape[0];
    if (isApart) return spread(constant(0, x.dtype), shape);
    if (first <= from && to <= first + inner.shape[0] && sizeOf(x.shape.slice(1)) === sizeOf(inner.shape.slice(1))) {
      return entries(inner, from - first, to - first, wrt);
    }
  }
  if (isElementwise(x.op) && !wrt.includes(x)) {
    const inputs = x.inputs.map((z) => entries(z, from, to, wrt));
    // Beside a part of what was joined the others are zero.
    if (x.is("add")) {
      const other = inputs.findIndex((z) => uniform(z) === 0);
      if (other >= 0) return inputs[1 - other];
    }
    return make(x.op, inputs, x.attrs);
  }
  if (from === 0 && to === x.shape[0]) return x;
  const start = x.shape.map((_, i) => (i === 0 ? from : 0));
  return make("slice", [x], { start, stop: x.shape.map((n, i) => (i === 0 ? to : n)) });
}
