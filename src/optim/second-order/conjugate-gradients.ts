import { whileLoop } from "../../tensor/control.ts";
import { full } from "../../tensor/functions.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { along, carried, choose, dot, negated, type Vector, vectorIn } from "../vector.ts";

/**
 * An approximate solution of A p = -g by conjugate gradients, as a direction downhill even where A is not positive
 * definite (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.1): at the first direction of no or negative
 * curvature it ends with what it has, which at the very first is -g.
 *
 * @param times      A times a vector
 * @param options.until   scalar; it ends when the residual's norm is no larger
 * @param options.limit   at most so many products
 * @param options.active  bool: where false it does nothing
 * @returns the direction, and how many products it took (int32)
 */
export function conjugateGradients(
  times: (v: Vector) => Vector,
  g: Vector,
  options: { readonly until: Tensor; readonly limit: number; readonly active: Tensor },
): { direction: Tensor[]; products: Tensor } {
  const { until, limit, active } = options;
  const steepest = negated(g);
  const start = {
    squared: dot(g, g),
    searching: active,
    count: full([], 0, "int32"),
    ...carried(
      "p",
      steepest.map((x) => x.mul(0)),
    ),
    ...carried("r", g),
    ...carried("d", steepest),
  };
  const end = whileLoop(
    start,
    (c) => c.searching,
    (c) => {
      const [p, r, d] = ["p", "r", "d"].map((name) => vectorIn(c, name, g));
      const bent = times(d);
      const curvature = dot(d, bent);
      const positive = curvature.gt(0);
      const alpha = c.squared.div(curvature);
      const residual = along(r, alpha, bent);
      const squared = dot(residual, residual);
      const count = c.count.add(1);
      const first = c.count.eq(0);
      return {
        squared,
        searching: positive.and(squared.sqrt().gt(until)).and(count.lt(limit)),
        count,
        ...carried("p", choose(positive, along(p, alpha, d), choose(first, steepest, p))),
        ...carried("r", residual),
        ...carried("d", along(negated(residual), squared.div(c.squared), d)),
      };
    },
  );
  return { direction: vectorIn(end, "p", g), products: where(active, end.count, 0) };
}
