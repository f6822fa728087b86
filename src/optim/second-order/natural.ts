import { PondusError } from "../../graph/errors.ts";
import { full, where } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type FisherOptions, fisherProduct } from "../../transforms/matrices/fisher.ts";
import { counts } from "../evaluations.ts";
import type { Optimizer } from "../optimizer.ts";
import { refuseGroups } from "../parameter-groups.ts";
import { along, dot } from "../vector.ts";
import { conjugateGradients } from "./conjugate-gradients.ts";
import { descent } from "./descent.ts";
import { type LineSearchOptions, lineSearch } from "./line-search.ts";
import { linearMap } from "./objective.ts";

export interface NaturalGradientOptions extends FisherOptions {
  /** What the model gives for the data that the loss is about, [samples, ...]: the mean, or the logits. */
  readonly outputs: Tensor;
  /**
   * Added to the Fisher matrix's diagonal at the first step (default 1e-3), so that directions of no information are not
   * run along; it then follows the gain. 0 stays 0: the natural gradient itself.
   */
  readonly damping?: number;
  /** At most so many Fisher-vector products a step (default 50). */
  readonly products?: number;
  /** It is done when no entry of the gradient is larger (default 1e-10), or no lower point is found. */
  readonly tolerance?: number;
  readonly lineSearch?: LineSearchOptions;
}

/**
 * Natural gradient descent (Amari, Neural Computation 10, 251, 1998; Martens, JMLR 21 (146), 2020): the direction solves
 * (F + damping) d = -g, F being the Fisher information of the model's outputs, by conjugate gradients on products with F;
 * then a line search for the strong Wolfe conditions, which tries the full step first. The full step is right where the
 * loss is the mean negative log-likelihood of `likelihood` (for the mean square error, "gaussian" with variance 1/2). The
 * damping falls to a tenth where a full step gains what was predicted, and rises where it gains little, as in `leastSquares`.
 *
 * It holds about 6 numbers for each knob; a step costs 2 gradients for each product, and 1 for each trial of the line
 * search. For float64 and a loss that is the same at every step.
 *
 * @throws `optim.option`; when used, `optim.dtype`, `optim.parameters`, `grad.scalar`, `fisher.likelihood`
 */
export function naturalGradient(options: NaturalGradientOptions): Optimizer {
  const { outputs, likelihood, variance, damping = 1e-3, products = 50, tolerance = 1e-10 } = options;
  if (!(Number.isFinite(damping) && damping >= 0)) {
    throw new PondusError("optim.option", `natural: damping must be a number from 0, but ${damping} came.`);
  }
  if (!(Number.isInteger(products) && products >= 1)) {
    throw new PondusError("optim.option", `natural: products must be a whole number from 1, but ${products} came.`);
  }
  refuseGroups("natural", options);
  return descent("natural", tolerance, ({ objective, weights, gradient, loss, fresh, active, state }) => {
    const { here, dtype } = objective;
    const information = linearMap(here, (v) => fisherProduct(outputs, here, v, { likelihood, variance }));
    const kept = state("damping");
    const held = where(fresh, damping, kept.before);
    const solved = conjugateGradients((v) => along(information(weights, v), held, v), gradient, {
      until: dot(gradient, gradient).sqrt().mul(1e-6),
      limit: products,
      active,
    });
    const first = full([], 1, dtype);
    const found = lineSearch(objective, { loss, gradient }, solved.direction, { ...options.lineSearch, first, active });
    // With (F + damping) d = -g, the quadratic model falls by half of what the slope and the damping say.
    const direction = solved.direction;
    const predicted = dot(direction, direction).mul(held).sub(dot(gradient, direction)).mul(0.5);
    const share = loss.sub(found.loss).div(predicted).mul(2).sub(1);
    const fullStep = found.lower.and(found.step.ge(1));
    kept.become(
      held.mul(where(fullStep, share.pow(3).neg().add(1).maximum(0.1), 4)).maximum(damping === 0 ? 0 : 1e-14),
    );
    const further = held.gt(0).and(held.lt(1e12));
    return {
      ...found,
      stuck: found.lower.or(further).not(),
      evaluated: counts({ gradients: found.evaluations, products: solved.products }),
    };
  });
}
