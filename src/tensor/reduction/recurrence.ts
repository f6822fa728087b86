import { leastOf } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { formatShape, sizeOf } from "../../graph/shape.ts";
import { cropped, resized } from "../movement/overlap.ts";
import { constant, elementwise, reshapeNode, spread } from "../operands.ts";

/**
 * h[i] = a[i] h[i - 1] + b[i] along an axis, from h[-1] = start, which lacks the axis. One step of it is no loop, and none
 * is nothing.
 */
export function recurrence(a: Node, b: Node, start: Node, axis: number): Node {
  if (b.shape[axis] > 1) return make("recurrence", [a, b, start], { axis });
  if (b.shape[axis] === 0) return b;
  return elementwise("add", [elementwise("mul", [a, reshapeNode(start, b.shape)]), b]);
}

/** The largest of the entries up to each. */
export function cummax(x: Node, axis: number): Node {
  if (x.shape[axis] < 2) return x;
  return make("cummax", [x, first(x, leastOf(x.dtype), axis)], { axis });
}

/** What leaves every number that it is added to as it is, the sign of a zero too: -0 + 0 is 0. */
const nothing = -0;

/** The product of the entries up to each. */
export function runningProduct(x: Node, axis: number): Node {
  return wide(x, (y) => recurrence(y, filled(y, nothing), first(y, 1, axis), axis));
}

/** The product over some axes, which stay, of size 1. */
export function productOver(x: Node, axes: readonly number[]): Node {
  return wide(x, (y) =>
    axes.reduce((z, axis) => {
      const n = z.shape[axis];
      if (n === 0) return spread(constant(1, z.dtype), z.shape.with(axis, 1));
      const products = recurrence(z, filled(z, nothing), first(z, 1, axis), axis);
      return cropped(
        products,
        z.shape.map((_, i) => (i === axis ? n - 1 : 0)),
        z.shape,
      );
    }, y),
  );
}

/** The sum of the entries up to each. */
export function runningSum(x: Node, axis: number): Node {
  return wide(x, (y) => sums(y, axis));
}

/** Says by its name which operation is not there for bools. */
export function requireNumbers(what: string, x: Node): void {
  if (x.dtype !== "bool") return;
  throw new PondusError(
    "dtype.unsuitable",
    `${what} takes numbers, but bool ${formatShape(x.shape)} came${describeOrigin(x.origin)}; cast it first, e.g. x.cast("int32").`,
  );
}

/** With float64 in the place of float32 inside; each entry of the result is rounded once. */
export function wide(x: Node, f: (x: Node) => Node): Node {
  if (x.dtype !== "float32") return f(x);
  return make("cast", [f(make("cast", [x], { to: "float64" }))], { to: "float32" });
}

/** A long sum is cut into blocks of so many entries, which threads add up side by side. */
const blockLength = 4096;

/** With so many sums there is work enough for threads. */
const manySums = 64;

function sums(x: Node, axis: number): Node {
  const n = x.shape[axis];
  const others = sizeOf(x.shape.filter((_, i) => i !== axis));
  if (n < 2 * blockLength || others >= manySums) return recurrence(filled(x, 1), x, first(x, nothing, axis), axis);
  const count = Math.ceil(n / blockLength);
  const whole = resized(x, axis, count * blockLength);
  const blocks = reshapeNode(whole, x.shape.toSpliced(axis, 1, count, blockLength));
  const totals = sums(make("sum", [blocks], { axes: [axis + 1] }), axis);
  const starts = resized(padFront(totals, axis), axis, count);
  const within = recurrence(filled(blocks, 1), blocks, starts, axis + 1);
  return resized(reshapeNode(within, whole.shape), axis, n);
}

/** One zero more before all entries. */
function padFront(x: Node, axis: number): Node {
  const only = (n: number) => x.shape.map((_, i) => (i === axis ? n : 0));
  return make("pad", [x], { before: only(1), after: only(0) });
}

const filled = (like: Node, value: number) => spread(constant(value, like.dtype), like.shape);

const first = (like: Node, value: number, axis: number) =>
  spread(constant(value, like.dtype), like.shape.toSpliced(axis, 1));
