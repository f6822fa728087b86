import { type FisherOptions, fisherProduct } from "../autodiff/fisher.ts";
import { PondusError } from "../graph/errors.ts";
import { full } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { conjugateGradients } from "./conjugate-gradients.ts";
import { descent } from "./descent.ts";
import { counts } from "./evaluations.ts";
import { type LineSearchOptions, lineSearch } from "./line-search.ts";
import { linearMap } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { along, dot } from "./vector.ts";

export interface NaturalOptions extends FisherOptions {
  /** What the model gives for the data that the loss is about, [samples, ...]: the mean, or the logits. */
  readonly outputs: Tensor;
  /** Added to the Fisher matrix's diagonal (default 1e-6), so that directions of no information are not run along. */
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
 * loss is the mean negative log-likelihood of `likelihood` (for the mean square error, "gaussian" with variance 1/2).
 *
 * It holds about 6 numbers for each knob; a step costs 2 gradients for each product, and 1 for each trial of the line
 * search. For float64 and a loss that is the same at every step.
 *
 * @throws `optim.damping`, `optim.products`; when used, `optim.dtype`, `optim.parameters`, `grad.scalar`, `fisher.likelihood`
 */
export function natural(options: NaturalOptions): Optimizer {
  const { outputs, likelihood, variance, damping = 1e-6, products = 50, tolerance = 1e-10 } = options;
  if (!(Number.isFinite(damping) && damping >= 0)) {
    throw new PondusError("optim.damping", `natural: damping must be a number from 0, but ${damping} came.`);
  }
  if (!(Number.isInteger(products) && products >= 1)) {
    throw new PondusError("optim.products", `natural: products must be a whole number from 1, but ${products} came.`);
  }
  return descent("natural", tolerance, ({ objective, weights, gradient, loss, active }) => {
    const { here, dtype } = objective;
    const information = linearMap(here, (v) => fisherProduct(outputs, here, v, { likelihood, variance }));
    const held = full([], damping, dtype);
    const solved = conjugateGradients((v) => along(information(weights, v), held, v), gradient, {
      until: dot(gradient, gradient).sqrt().mul(1e-6),
      limit: products,
      active,
    });
    const first = full([], 1, dtype);
    const found = lineSearch(objective, { loss, gradient }, solved.direction, { ...options.lineSearch, first, active });
    return {
      ...found,
      stuck: found.lower.not(),
      evaluated: counts({ gradients: found.evaluations, products: solved.products }),
    };
  });
}
