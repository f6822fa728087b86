import { PondusError } from "../../graph/errors.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { jvp, vjp } from "../derivatives.ts";
import { countOf, entryType, listOf, ravel, type Structure, unravel } from "../structure.ts";
import { affordJacobian } from "./affordable.ts";
import { rowsBySample } from "./by-sample.ts";
import { rowsOf } from "./rows.ts";

export interface JacobianOptions {
  /**
   * Column by column (forward) or row by row (reverse). By default the rows of all samples at once, where each output belongs to
   * a sample (by-sample.ts); else whichever is fewer, or forward where the outputs pass through a `whileLoop` without a limit,
   * which has no reverse mode.
   */
  readonly mode?: "forward" | "reverse";
}

/**
 * All first derivatives of outputs with respect to knobs.
 *
 * @param outputs  a tensor, or a list or record of them, of one float type: N entries
 * @param wrt      a tensor, or a list or record of them, of one float type: P entries. Both are counted tensor after
 *                 tensor, each row-major
 * @returns        [N, P], of the type of `wrt`
 * @throws `matrix.price` when the matrix does not fit this machine, before anything is built; `matrix.dtype`,
 *         `matrix.twice`
 */
export function jacobian(outputs: Structure, wrt: Structure, options: JacobianOptions = {}): Tensor {
  const dtype = entryType("jacobian", wrt);
  const [n, p] = [countOf(outputs), countOf(wrt)];
  const mode = options.mode ?? (p <= n ? "forward" : "reverse");
  affordJacobian(n, p, dtype, mode);
  const nodes = (s: Structure) => listOf(s).map((x) => x.node);
  const bySample = options.mode ? undefined : rowsBySample(nodes(outputs), nodes(wrt));
  if (bySample) return new Tensor(bySample.rows).cast(dtype);
  const flat = ravel(outputs);
  const of = flat.dtype === "float64" ? "float64" : "float32";
  const forward = () => rowsOf(p, dtype, (unit) => jvp(flat, wrt, unravel(unit, wrt)).cast(dtype)).T;
  const reverse = () => rowsOf(n, of, (unit) => ravel(vjp(flat, unit, wrt) as Structure));
  if (mode === "forward") return forward();
  try {
    return reverse();
  } catch (error) {
    if (!options.mode && error instanceof PondusError && error.code === "grad.unbounded") return forward();
    throw error;
  }
}
