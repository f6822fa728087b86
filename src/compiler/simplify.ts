import { make, type Node } from "../graph/node.ts";
import { isElementwise } from "../graph/ops.ts";
import { rewrite, withInputs } from "../graph/walk.ts";
import { reshapeNode, spread, uniform } from "../tensor/operands.ts";
import { mapBodies } from "./bodies.ts";

/**
 * Replaces expressions by simpler ones of exactly the same value (the sign of a zero excepted): identities, constants
 * folded through views, contractions over nothing, and so on. Bodies of loops and branches are simplified too.
 */
export function simplify(roots: readonly Node[]): Node[] {
  return rewrite(roots, (node, inputs) => simpler(mapBodies(withInputs(node, inputs), simplify)));
}

function simpler(node: Node): Node {
  const [x, y] = node.inputs;
  if (node.op === "stop" || node.op === "checkpoint") return x;
  if (node.op === "neg" && x.op === "neg") return x.inputs[0];
  if (node.is("cast") && node.attrs.to === x.dtype) return x;
  if (isElementwise(node.op)) return identity(node) ?? node;
  if (node.is("permute")) {
    if (x.is("permute")) {
      const order = node.attrs.order.map((axis) => x.attrs.order[axis]);
      return order.every((axis, i) => axis === i) ? x.inputs[0] : make("permute", [x.inputs[0]], { order });
    }
    // Moving only axes of size 1 changes no element's place.
    const long = node.attrs.order.filter((axis) => x.shape[axis] !== 1);
    if (long.every((axis, i) => i === 0 || axis > long[i - 1])) return reshapeNode(x, node.shape);
    return node;
  }
  if (node.is("expand") && x.is("expand")) return make("expand", [x.inputs[0]], node.attrs);
  if (node.is("reshape")) return reshapeNode(x, node.shape);
  if (node.is("sum")) {
    const axes = node.attrs.axes.filter((axis) => x.shape[axis] !== 1);
    if (axes.length === node.attrs.axes.length) return node;
    const squeezed = reshapeNode(
      x,
      x.shape.filter((_, i) => !node.attrs.axes.includes(i) || axes.includes(i)),
    );
    if (axes.length === 0) return squeezed;
    const kept = x.shape.map((_, i) => i).filter((i) => !node.attrs.axes.includes(i) || axes.includes(i));
    return make("sum", [squeezed], { axes: axes.map((axis) => kept.indexOf(axis)) });
  }
  if (node.is("contract")) return simplerContract(node, x, y);
  return node;
}

/** x + 0, x * 1 and their like. */
function identity(node: Node): Node | undefined {
  const [x, y] = node.inputs;
  const [a, b] = [uniform(x), y && uniform(y)];
  if (node.op === "add") return b === 0 ? x : a === 0 ? y : undefined;
  if (node.op === "sub") return b === 0 ? x : undefined;
  if (node.op === "mul") return b === 1 ? x : a === 1 ? y : undefined;
  if (node.op === "div") return b === 1 ? x : undefined;
  return undefined;
}

/** Labels of size 1 leave a contraction; one that sums over nothing is a product. */
function simplerContract(node: Node<"contract">, x: Node, y: Node): Node {
  const { a, b, out } = node.attrs;
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
  const [p, q] = [innermostLast(squeezed(x, a), la, lb, lo), innermostLast(squeezed(y, b), lb, la, lo)];
  return reshapeNode(make("contract", [p.node, q.node], { a: p.labels, b: q.labels, out: lo }), node.shape);
}

/** Puts the result's innermost label last in the operand that alone carries it: along it vectors are loaded. */
function innermostLast(z: Node, labels: readonly number[], other: readonly number[], out: readonly number[]) {
  const innermost = out[out.length - 1];
  const axis = labels.indexOf(innermost);
  if (axis < 0 || axis === labels.length - 1 || other.includes(innermost)) return { node: z, labels };
  const order = [...labels.map((_, i) => i).filter((i) => i !== axis), axis];
  return { node: simpler(make("permute", [z], { order })), labels: order.map((i) => labels[i]) };
}

/** `z`, whose axes are `labels`, with its axes in the order of `out` and size 1 where it lacks one. */
function aligned(z: Node, labels: readonly number[], out: readonly number[], size: (label: number) => number): Node {
  const order = out.filter((label) => labels.includes(label)).map((label) => labels.indexOf(label));
  const sorted = order.every((axis, i) => axis === i) ? z : make("permute", [z], { order });
  return reshapeNode(
    sorted,
    out.map((label) => (labels.includes(label) ? size(label) : 1)),
  );
}
