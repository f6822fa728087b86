import { memoryHere } from "#host/memory";
import { bytesOf } from "../../graph/dtype.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { jvp, vjp } from "../derivatives.ts";
import { countOf, entryType, listOf, ravel, type Same, type Structure, unravel } from "../structure.ts";
import { affordSquare } from "./affordable.ts";
import { rowsBySample } from "./by-sample.ts";
import { jacobian } from "./jacobian.ts";
import { rowsOf } from "./rows.ts";

/**
 * J'J of residuals r with Jacobian J: the Hessian of 1/2 sum r^2 without the residuals' own curvature, hence never
 * negative, and exact where they are linear or zero. The mean of r^2 over N residuals has 2/N of it.
 *
 * By the Jacobian when there are no more residuals than knobs, or when residuals belong to samples and it has at most 2^28 bytes; else
 * row by row from products, which never hold more than twice the matrix and one product.
 *
 * @param residuals  any shape
 * @param wrt        a tensor, or a list or record of them, of one float type; its P entries are counted tensor after tensor,
 *                   each row-major
 * @returns          [P, P], of the type of `wrt`
 * @throws `matrix.price` when the matrix does not fit this machine, before anything is built; `matrix.dtype`,
 *         `matrix.twice`
 */
export function gaussNewton(residuals: Structure, wrt: Structure): Tensor {
  return generalized("gaussNewton", ravel(residuals), wrt, (change) => change);
}

/**
 * J'(J v), the Gauss-Newton matrix times a vector, forward then reverse (Schraudolph, Neural Computation 14, 1723, 2002):
 * the price of a few gradients, never the matrix.
 *
 * @param vector  of the form of `wrt`, as is the result
 * @throws `grad.type` when the vector does not fit
 */
export function gaussNewtonProduct<S extends Structure>(residuals: Structure, wrt: S, vector: Same<S>): Same<S> {
  return generalizedProduct(ravel(residuals), wrt, vector, (change) => change);
}

/**
 * What the second derivative of a loss with respect to the outputs makes of a change of the outputs. It acts on the last
 * axes, which are the outputs' own; there may be one more in front.
 */
export type OutputCurvature = (change: Tensor) => Tensor;

/** J' H J v for outputs with Jacobian J, whose loss has second derivatives H (Schraudolph 2002). */
export function generalizedProduct<S extends Structure>(
  outputs: Tensor,
  wrt: S,
  vector: Same<S>,
  curvature: OutputCurvature,
): Same<S> {
  return vjp(outputs, curvature(jvp(outputs, wrt, vector)), wrt);
}

/** A Jacobian of more bytes than this is not held for the sake of its product. */
const mostBytes = 2 ** 28;

/** The rows of all samples, where they can be made at once, and held. */
function lightRows(outputs: Tensor, wrt: Structure): Tensor | undefined {
  const bytes = outputs.size * countOf(wrt) * bytesOf[listOf(wrt)[0].dtype];
  if (bytes > Math.min(mostBytes, (memoryHere() ?? mostBytes) / 8)) return undefined;
  const columns = listOf(wrt).map((x) => x.node);
  const found = rowsBySample([outputs.node], columns);
  return found && new Tensor(found.rows);
}

/** J' H J, [P, P]. */
export function generalized(what: string, outputs: Tensor, wrt: Structure, curvature: OutputCurvature): Tensor {
  const dtype = entryType(what, wrt);
  const knobs = countOf(wrt);
  affordSquare(what, knobs, dtype);
  const found = outputs.size > knobs ? lightRows(outputs, wrt) : undefined;
  if (outputs.size > knobs && !found) {
    return rowsOf(knobs, dtype, (unit) =>
      ravel(generalizedProduct(outputs, wrt, unravel(unit, wrt), curvature) as Structure),
    );
  }
  const j = found ? found.cast(dtype) : jacobian(outputs, wrt);
  const columns = j.T.reshape([knobs, ...outputs.shape]);
  return curvature(columns).reshape([knobs, outputs.size]).matmul(j);
}
