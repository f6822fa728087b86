import { scan } from "../../../tensor/control.ts";
import { arange, concat, eye, stack } from "../../../tensor/functions.ts";
import { type Tensor, where } from "../../../tensor/tensor.ts";
import { jvp } from "../../../transforms/derivatives.ts";

/**
 * The inverse of a matrix by Gauss-Jordan elimination, with the largest entry of each column as its pivot (Golub & Van
 * Loan, Matrix Computations, 2013, 3.4). For the few states of a stiff equation, whose stages all share one matrix.
 *
 * @param a  [n, n]; a singular one gives infinities or NaN
 */
export function inverse(a: Tensor): Tensor {
  const n = a.shape[0];
  const row = arange(n).unsqueeze(1);
  const { carry } = scan(
    { m: concat([a, eye(n, a.dtype)], 1) },
    ({ m }, { k }) => {
      const below = where(row.ge(k), m.gather(k, 1).unsqueeze(1).abs(), -1);
      const chosen = below.stopGradient().argmax(0).squeeze(0);
      const [here, there] = [m.gather(k), m.gather(chosen)];
      const swapped = where(row.eq(chosen), here, where(row.eq(k), there, m));
      const pivot = there.div(there.gather(k));
      const cleared = swapped.sub(swapped.gather(k, 1).unsqueeze(1).mul(pivot));
      return { carry: { m: where(row.eq(k), pivot, cleared) } };
    },
    { xs: { k: arange(n) } },
  );
  return carry.m.slice(n, undefined, 1);
}

/** df/dy, [n, n], of `f` [n] that was computed from `y` of n entries: a column for each. */
export function jacobianOf(f: Tensor, y: Tensor): Tensor {
  const units = eye(y.size, y.dtype);
  const columns = Array.from({ length: y.size }, (_, j) => jvp(f, y, units.at(j).reshape(y.shape)));
  return stack(columns, 1);
}
