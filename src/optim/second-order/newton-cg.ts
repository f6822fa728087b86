import { PondusError } from "../../graph/errors.ts";
import { full } from "../../tensor/functions.ts";
import { where } from "../../tensor/tensor.ts";
import { counts } from "../evaluations.ts";
import type { Optimizer } from "../optimizer.ts";
import { refuseGroups } from "../parameter-groups.ts";
import { dot } from "../vector.ts";
import { conjugateGradients } from "./conjugate-gradients.ts";
import { descent } from "./descent.ts";
import { type LineSearchOptions, lineSearch } from "./line-search.ts";

export interface NewtonCGOptions {
  /** At most so many Hessian-vector products a step (default: as many as there are knobs, but no more than 200). */
  readonly products?: number;
  /** It is done when no entry of the gradient is larger (default 1e-10), or no lower point is found. */
  readonly tolerance?: number;
  readonly lineSearch?: LineSearchOptions;
}

/**
 * Newton's method without the matrix: the Newton equations are solved by conjugate gradients, as exactly as the
 * gradient's fall so far deserves, and left where the curvature is negative (Nocedal & Wright, Numerical Optimization,
 * 2nd ed., algorithm 7.1); then a line search for the strong Wolfe conditions. How exactly is the second choice of
 * Eisenstat and Walker (SIAM J. Sci. Comput. 17, 16, 1996), 0.9 (|g| / |g before|)^2, at most 1/10: near a minimum the
 * error is squared at every step, whatever the loss's unit.
 *
 * It holds about 6 numbers for each knob; a step costs 2 gradients for each product, and 1 for each trial of the line search.
 * For float64 and a loss that is the same at every step. In float32 it ends where the loss changes by less than its last
 * digits, about 1e-7 of it.
 *
 * @throws `optim.option` unless `products` is a whole number from 1; when used, `optim.dtype`, `optim.parameters`, `grad.scalar`
 */
export function newtonCG(options: NewtonCGOptions = {}): Optimizer {
  const { products, tolerance = 1e-10 } = options;
  if (products !== undefined && !(Number.isInteger(products) && products >= 1)) {
    throw new PondusError("optim.option", `newtonCG: products must be a whole number from 1, but ${products} came.`);
  }
  refuseGroups("newtonCG", options);
  return descent("newtonCG", tolerance, ({ objective, weights, gradient, loss, fresh, active, state }) => {
    const knobs = weights.reduce((n, x) => n + x.size, 0);
    const norm = dot(gradient, gradient).sqrt();
    const before = state("norm");
    const fall = norm.div(before.before);
    const share = where(fresh, 0.1, fall.mul(fall).mul(0.9).minimum(0.1));
    before.become(norm);
    const solved = conjugateGradients((v) => objective.hessian(weights, v), gradient, {
      until: share.mul(norm),
      limit: products ?? Math.min(knobs, 200),
      active,
    });
    const first = full([], 1, objective.dtype);
    const found = lineSearch(objective, { loss, gradient }, solved.direction, {
      ...options.lineSearch,
      first,
      active,
    });
    return {
      ...found,
      stuck: found.lower.not(),
      evaluated: counts({ gradients: found.evaluations, products: solved.products }),
    };
  });
}
