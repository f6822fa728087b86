import { PondusError } from "../graph/errors.ts";
import { type CommonOptions, type Optimizer, optimizer } from "./optimizer.ts";

/**
 * Gradient descent, with momentum as PyTorch counts it: v <- momentum v + g, w <- w - rate v.
 *
 * @param options.learningRate step size, or a schedule
 * @param options.momentum     share of v that stays, from 0 (default) to below 1
 * @param options.nesterov     step along g + momentum v instead (Sutskever et al., ICML 2013)
 * @param options.weightDecay  adds weightDecay w to the gradient (default 0)
 * @param options.clip         e.g. `clipByGlobalNorm(1)`, applied to the gradients first
 * @throws `optim.option`
 */
export function sgd(
  options: CommonOptions & { momentum?: number; nesterov?: boolean; weightDecay?: number },
): Optimizer {
  const { momentum = 0, nesterov = false } = options;
  if (!(momentum >= 0 && momentum < 1) || (nesterov && momentum === 0)) {
    throw new PondusError(
      "optim.option",
      `sgd: momentum must be from 0 to below 1, and above 0 for nesterov, but ${momentum} came.`,
    );
  }
  return optimizer(
    "sgd",
    options,
    ({ value, gradient, learningRate: rate, remember, weightDecay = options.weightDecay ?? 0 }) => {
      const g = weightDecay === 0 ? gradient : gradient.add(value.mul(weightDecay));
      if (momentum === 0) return value.sub(g.mul(rate));
      const v = remember("v", (before) => before.mul(momentum).add(g));
      const along = nesterov ? g.add(v.mul(momentum)) : v;
      return value.sub(along.mul(rate));
    },
  );
}
