import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { reshapeNode, spread } from "../../tensor/operands.ts";
import { stridesThrough } from "../ir/views.ts";

/** Moves of moves, and those that change no element's place. */
export function simplerPermute(node: Node<"permute">, x: Node): Node {
  if (x.is("permute")) {
    const order = node.attrs.order.map((axis) => x.attrs.order[axis]);
    return order.every((axis, i) => axis === i) ? x.inputs[0] : make("permute", [x.inputs[0]], { order });
  }
  // Moving only axes of size 1 changes no element's place.
  const long = node.attrs.order.filter((axis) => x.shape[axis] !== 1);
  if (long.every((axis, i) => i === 0 || axis > long[i - 1])) return reshapeNode(x, node.shape);
  return node;
}

/** Labels of size 1 leave a contraction; one that sums over nothing is a product. */
export function simplerContract(node: Node<"contract">, x: Node, y: Node): Node {
  const { a, b, out } = node.attrs;
  const [p, q] = [once(x, a, b, out), once(y, b, a, out)];
  if (p !== x || q !== y) {
    const made = make("contract", [p, q], node.attrs) as Node<"contract">;
    return spread(simplerContract(made, p, q), node.shape);
  }
  const size = (label: number) => (a.includes(label) ? x.shape[a.indexOf(label)] : y.shape[b.indexOf(label)]);
  const long = (labels: readonly number[]) => labels.filter((label) => size(label) !== 1);
  const squeezed = (z: Node, labels: readonly number[]) => reshapeNode(z, long(labels).map(size));
  const inner = long(a).filter((label) => !out.includes(label));
  const [la, lb, lo] = [long(a), long(b), long(out)];
  if (inner.length === 0) {
    const placed = (z: Node, labels: readonly number[]) =>
      spread(aligned(squeezed(z, labels), long(labels), lo, size), lo.map(size));
    return reshapeNode(make("mul", [placed(x, a), placed(y, b)], {}), node.shape);
  }
  const [sx, sy] = [squeezed(x, a), squeezed(y, b)];
  const sorted = vectorLast(
    [
      { node: sx, labels: la },
      { node: sy, labels: lb },
    ],
    lo,
    size,
  );
  const [u, v] = [innermostLast(sx, la, lb, sorted), innermostLast(sy, lb, la, sorted)];
  const made = make("contract", [u.node, v.node], { a: u.labels, b: v.labels, out: sorted });
  const order = lo.map((label) => sorted.indexOf(label));
  return reshapeNode(permuted(made, order), node.shape);
}

/** An operand without what only repeats it along the result: the product is spread instead, as a tangent that all samples share. */
function once(z: Node, labels: readonly number[], other: readonly number[], out: readonly number[]): Node {
  if (!z.is("expand")) return z;
  const [source] = z.inputs;
  const repeats = (label: number, i: number) => source.shape[i] === 1 && out.includes(label) && !other.includes(label);
  const shape = z.shape.map((n, i) => (repeats(labels[i], i) ? 1 : n));
  return shape.every((n, i) => n === z.shape[i]) ? z : spread(source, shape);
}

const permuted = (z: Node, order: readonly number[]) => {
  if (order.every((axis, i) => axis === i)) return z;
  return simplerPermute(make("permute", [z], { order }), z);
};

interface Operand {
  readonly node: Node;
  readonly labels: readonly number[];
}

/** An innermost label of fewer entries does not fill a vector. */
const fewLanes = 16;

/**
 * The result's labels in an order in which vectors can lie along the last one. A short one along which no operand lies
 * together, such as the columns of a kernel in a convolution's gradient, gives its place to the longest along which one
 * does; what varies in the other operand alone and is longest comes before it, as the rows of a tile.
 */
function vectorLast(
  operands: readonly Operand[],
  out: readonly number[],
  size: (label: number) => number,
): readonly number[] {
  const innermost = out[out.length - 1];
  if (innermost === undefined || size(innermost) >= fewLanes) return out;
  const together = operands.map(({ node, labels }) => {
    const strides = stridesThrough(node);
    return labels.filter((_, axis) => strides[axis] === 1);
  });
  if (together.some((labels) => labels.includes(innermost))) return out;
  const longest = (labels: readonly number[]) => [...labels].sort((p, q) => size(q) - size(p))[0];
  const last = longest(together.flat().filter((label) => out.includes(label)));
  if (last === undefined || size(last) <= size(innermost)) return out;
  const others = operands.filter(({ labels }) => !labels.includes(last)).flatMap(({ labels }) => labels);
  const row = longest(out.filter((label) => others.includes(label)));
  return [...out.filter((label) => label !== last && label !== row), ...(row === undefined ? [] : [row]), last];
}

/** Puts the result's innermost label last in the operand that alone carries it: along it vectors are loaded. */
function innermostLast(z: Node, labels: readonly number[], other: readonly number[], out: readonly number[]) {
  const innermost = out[out.length - 1];
  const axis = labels.indexOf(innermost);
  if (axis < 0 || axis === labels.length - 1 || other.includes(innermost)) return { node: z, labels };
  const order = [...labels.map((_, i) => i).filter((i) => i !== axis), axis];
  return { node: permuted(z, order), labels: order.map((i) => labels[i]) };
}

/** `z`, whose axes are `labels`, with its axes in the order of `out` and size 1 where it lacks one. */
function aligned(z: Node, labels: readonly number[], out: readonly number[], size: (label: number) => number): Node {
  const order = out.filter((label) => labels.includes(label)).map((label) => labels.indexOf(label));
  return reshapeNode(
    permuted(z, order),
    out.map((label) => (labels.includes(label) ? size(label) : 1)),
  );
}
