import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import type { Shape } from "../../graph/shape.ts";
import { reshapeNode } from "../operands.ts";

/**
 * The transpose of a window: entry p is the sum of all [i, k] with i stride + k dilation = p.
 *
 * Windows that lie `stride` apart reach whole groups of `stride` entries: with k = m stride + r, entry r of group i + m.
 * So it is `stride` overlaps of windows one group apart, side by side.
 */
export function overlapAdd(x: Node, axis: number, stride: number, dilation: number): Node {
  const [count, size] = x.shape.slice(axis);
  if (stride === 1) return overlap(x, axis, dilation);
  if (dilation > 1) return overlap(apart(x, axis, stride), axis, dilation);
  const groups = Math.ceil(size / stride);
  const grouped = onAxis(x, axis + 1, (y, k) => splitAxis(resized(y, k, groups * stride), k, [groups, stride]));
  return resized(mergeAxes(overlap(grouped, axis, 1), axis), axis, (count - 1) * stride + size);
}

/**
 * Windows laid over one another and summed. Where they come from a product of something that varies from window to window
 * and something that varies inside a window, the sum is a product with windows of the former: a convolution's gradient is
 * a convolution, and the windows are never written down.
 */
function overlap(x: Node, axis: number, dilation: number): Node {
  const size = x.shape[axis + 1];
  if (size === 1) return mergeAxes(x, axis);
  const carriers = x.is("contract") ? carriersOf(x, axis) : undefined;
  if (!carriers) return make("overlap", [x], { axis, dilation });
  const { node, windows, inside } = carriers;
  const { out } = node.attrs;
  const labels = [node.attrs.a, node.attrs.b];
  const [i, k] = [out[axis], out[axis + 1]];
  const reach = (size - 1) * dilation;
  const at = labels[windows].indexOf(i);
  const padded = padAxis(node.inputs[windows], at, reach, reach);
  const moved = make("window", [padded], { axis: at, size, stride: 1, dilation });
  const flipped = make("flip", [node.inputs[inside]], { axes: [labels[inside].indexOf(k)] });
  const operands: Node[] = [];
  const terms: number[][] = [];
  operands[windows] = moved;
  terms[windows] = [...labels[windows].slice(0, at + 1), k, ...labels[windows].slice(at + 1)];
  operands[inside] = flipped;
  terms[inside] = [...labels[inside]];
  const kept = out.filter((label) => label !== k);
  return make("contract", operands, { a: terms[0], b: terms[1], out: kept });
}

/** Which operand of a contraction alone varies from window to window, and which inside a window; undefined when none does. */
function carriersOf(node: Node<"contract">, axis: number) {
  const { a, b, out } = node.attrs;
  const [i, k] = [out[axis], out[axis + 1]];
  const alone = (label: number) => {
    if (a.includes(label) === b.includes(label)) return undefined;
    return a.includes(label) ? 0 : 1;
  };
  const [windows, inside] = [alone(i), alone(k)];
  if (windows === undefined || inside === undefined || windows === inside) return undefined;
  return { node, windows, inside };
}

/** Applies what changes one axis alone, inside a contraction to the operand that carries the axis. */
function onAxis(x: Node, axis: number, change: (x: Node, axis: number) => Node): Node {
  if (!x.is("contract")) return change(x, axis);
  const { a, b, out } = x.attrs;
  const label = out[axis];
  if (a.includes(label) && b.includes(label)) return change(x, axis);
  const place = a.includes(label) ? 0 : 1;
  const terms = [a, b];
  const at = terms[place].indexOf(label);
  const operands = [...x.inputs];
  operands[place] = change(operands[place], at);
  const added = operands[place].shape.length - x.inputs[place].shape.length;
  const fresh = Array.from({ length: added }, (_, n) => Math.max(...a, ...b) + 1 + n);
  const after = (labels: readonly number[]) => labels.flatMap((l) => (l === label ? [l, ...fresh] : [l]));
  const [p, q] = terms.map((labels, n) => (n === place ? after(labels) : [...labels]));
  return make("contract", operands, { a: p, b: q, out: after(out) });
}

/** Zeros between entries, so that they lie `stride` apart. */
function apart(x: Node, axis: number, stride: number): Node {
  const single = splitAxis(x, axis, [x.shape[axis], 1]);
  const spaced = mergeAxes(padAxis(single, axis + 1, 0, stride - 1), axis);
  return resized(spaced, axis, (x.shape[axis] - 1) * stride + 1);
}

/** Zeros added at the end, or entries taken off, until an axis is as long as wanted. */
export function resized(x: Node, axis: number, length: number): Node {
  const n = x.shape[axis];
  if (n <= length) return padAxis(x, axis, 0, length - n);
  return cropped(
    x,
    x.shape.map(() => 0),
    x.shape.map((m, i) => (i === axis ? length : m)),
  );
}

/** A part of x; x itself where that is all of it. */
function sliced(x: Node, start: readonly number[], stop: readonly number[]): Node {
  if (x.shape.every((n, i) => start[i] === 0 && stop[i] === n)) return x;
  return make("slice", [x], { start, stop });
}

/** A part of x; of a contraction, that of parts of its operands, so that nothing is computed which falls away. */
export function cropped(x: Node, start: readonly number[], stop: readonly number[]): Node {
  if (!x.is("contract")) return sliced(x, start, stop);
  const { a, b, out } = x.attrs;
  const [p, q] = [a, b].map((labels, k) => {
    const of = (ends: readonly number[], whole: (axis: number) => number) =>
      labels.map((label, axis) => (out.includes(label) ? ends[out.indexOf(label)] : whole(axis)));
    const operand = x.inputs[k];
    return sliced(
      operand,
      of(start, () => 0),
      of(stop, (axis) => operand.shape[axis]),
    );
  });
  return make("contract", [p, q], x.attrs);
}

/** Zeros before and after along one axis; windows of another axis are taken of the padded, not padded themselves. */
function padAxis(x: Node, axis: number, before: number, after: number): Node {
  if (before === 0 && after === 0) return x;
  if (x.is("window") && axis !== x.attrs.axis && axis !== x.attrs.axis + 1) {
    const shift = axis < x.attrs.axis ? 0 : 1;
    return make("window", [padAxis(x.inputs[0], axis - shift, before, after)], x.attrs);
  }
  const [inner, old] = x.is("pad") ? [x.inputs[0], x.attrs] : [x, undefined];
  const more = (n: number, known: readonly number[] | undefined) =>
    inner.shape.map((_, i) => (known?.[i] ?? 0) + (i === axis ? n : 0));
  return make("pad", [inner], { before: more(before, old?.before), after: more(after, old?.after) });
}

function splitAxis(x: Node, axis: number, into: Shape): Node {
  return reshapeNode(x, [...x.shape.slice(0, axis), ...into, ...x.shape.slice(axis + 1)]);
}

/** An axis and the one after it as one. */
function mergeAxes(x: Node, axis: number): Node {
  const length = x.shape[axis] * x.shape[axis + 1];
  return reshapeNode(x, [...x.shape.slice(0, axis), length, ...x.shape.slice(axis + 2)]);
}
