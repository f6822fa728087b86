import { PondusError } from "../graph/errors.ts";
import type { Node } from "../graph/node.ts";
import { describeMaker, describeOrigin } from "../graph/origin.ts";
import { broadcast, formatShape, type Shape } from "../graph/shape.ts";
import { contract } from "./einsum.ts";
import { reshapeNode } from "./operands.ts";

/**
 * The matrix product as NumPy defines it: over the last axis of `x` and the second-to-last of `y`; leading axes
 * broadcast, and a vector loses the axis that it was lent.
 *
 * @throws `shape.matmul`
 */
export function matmul(x: Node, y: Node): Node {
  if (x.shape.length === 0 || y.shape.length === 0) {
    throw new PondusError(
      "shape.matmul",
      `matmul: ${formatShape(x.shape)} x ${formatShape(y.shape)}, but a scalar has no axis to sum over; use mul.`,
    );
  }
  const a: Shape = x.shape.length === 1 ? [1, ...x.shape] : x.shape;
  const b: Shape = y.shape.length === 1 ? [...y.shape, 1] : y.shape;
  const [rows, inner] = a.slice(-2);
  const [other, columns] = b.slice(-2);
  if (inner !== other) {
    const maker = describeMaker(y.is("parameter") ? "the weight" : "the second", y.origin);
    throw new PondusError(
      "shape.matmul",
      `matmul: inner sizes differ, ${formatShape(x.shape)} x ${formatShape(y.shape)} (${inner} is not ${other})${maker}.`,
    );
  }
  const lead = broadcast(a.slice(0, -2), b.slice(0, -2));
  if (!lead) {
    throw new PondusError(
      "shape.matmul",
      `matmul: the leading sizes of ${formatShape(x.shape)}${describeOrigin(x.origin)} x ${formatShape(y.shape)}` +
        `${describeOrigin(y.origin)} do not broadcast; they must be equal or 1, counted from the right.`,
    );
  }
  const n = lead.length;
  // An operand that does not vary along a leading axis simply does not carry its label.
  const leading = (shape: Shape) => {
    const skip = n - (shape.length - 2);
    return lead.map((_, i) => i).filter((i) => i >= skip && (shape[i - skip] !== 1 || lead[i] === 1));
  };
  const [la, lb] = [leading(a), leading(b)];
  const thin = (z: Node, labels: readonly number[], matrix: Shape) =>
    reshapeNode(z, [...labels.map((i) => lead[i]), ...matrix]);
  const out = contract(thin(x, la, [rows, inner]), thin(y, lb, [inner, columns]), {
    a: [...la, n, n + 1],
    b: [...lb, n + 1, n + 2],
    out: [...lead.map((_, i) => i), n, n + 2],
  });
  const kept = [...(x.shape.length === 1 ? [] : [rows]), ...(y.shape.length === 1 ? [] : [columns])];
  return reshapeNode(out, [...lead, ...kept]);
}
