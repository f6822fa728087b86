import type { Tensor } from "../../tensor/tensor.ts";
import { grad, jvp } from "../derivatives.ts";
import { countOf, entryType, ravel, type Structure, unravel } from "../structure.ts";
import { affordSquare } from "./affordable.ts";
import { rowsOf } from "./rows.ts";

/**
 * The matrix of second derivatives of a scalar, one Hessian-vector product a row (Pearlmutter, Neural Computation 6, 147,
 * 1994; here forward over reverse): the time of P gradients, and the memory of the matrix and one product. Symmetric to
 * rounding, where the loss has continuous second derivatives.
 *
 * @param loss  one float
 * @param wrt   a tensor, or a list or record of them, of one float type. Rows and columns are its entries: the tensors in
 *              their order, each row-major
 * @returns     [P, P], of the type of `wrt`
 * @throws `matrix.price` when the matrix does not fit this machine, before anything is built; `matrix.dtype`,
 *         `matrix.twice`, and `grad.scalar` when `loss` is not one float
 */
export function hessian(loss: Tensor, wrt: Structure): Tensor {
  const dtype = entryType("hessian", wrt);
  affordSquare("hessian", countOf(wrt), dtype);
  const slope = ravel(grad(loss, wrt) as Structure);
  return rowsOf(countOf(wrt), dtype, (unit) => jvp(slope, wrt, unravel(unit, wrt)));
}
