import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { describeOrigin } from "../graph/origin.ts";
import { broadcast, formatShape } from "../graph/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** @throws `linalg.shape` unless `a` is square matrices [..., n, n]; `dtype.unsuitable` unless they hold floats */
export function requireSquare(what: string, a: Tensor): void {
  const [rows, columns] = a.shape.slice(-2);
  if (a.rank < 2 || rows !== columns) {
    throw new PondusError(
      "linalg.shape",
      `${what} takes square matrices [..., n, n], but ${described(a)} came${a.rank < 2 ? "; reshape it" : ""}.`,
    );
  }
  if (!isFloat(a.dtype)) {
    throw new PondusError(
      "dtype.unsuitable",
      `${what} takes float32 or float64, but ${described(a)} is ${a.dtype}; cast it.`,
    );
  }
}

/**
 * The square matrices [..., n, n] and the right-hand sides [..., n, k] of a system of equations, with equal leading axes. A
 * vector [n] is lent a last axis, which the answer must lose again.
 */
export function system(what: string, a: Tensor, b: Tensor): { a: Tensor; b: Tensor } {
  requireSquare(what, a);
  if (b.dtype !== a.dtype) {
    throw new PondusError("dtype.mixed", `${what}: the matrix is ${a.dtype}, but b is ${b.dtype}; cast one of them.`);
  }
  const n = a.shape[a.rank - 1];
  const right = b.rank === 1 ? b.unsqueeze(-1) : b;
  const lead = broadcast(a.shape.slice(0, -2), right.shape.slice(0, -2));
  if (b.rank === 0 || right.shape[right.rank - 2] !== n || !lead) {
    throw new PondusError(
      "linalg.shape",
      `${what}: right-hand sides of ${described(a)} are [${n}] or [..., ${n}, k], but ${described(b)} came.`,
    );
  }
  return { a: a.expand([...lead, n, n]), b: right.expand([...lead, n, right.shape[right.rank - 1]]) };
}

const described = (x: Tensor) => `${formatShape(x.shape)}${describeOrigin(x.node.origin)}`;
