import { PondusError } from "../graph/errors.ts";
import { full } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CommonOptions, type Optimizer, optimizer, type ParameterUpdate } from "./optimizer.ts";

export interface AdamOptions extends CommonOptions {
  /** Decay of the first and second moment (default 0.9 and 0.999). */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment (default 1e-8). */
  readonly epsilon?: number;
  /** See `adam` and `adamw`, which differ in it. */
  readonly weightDecay?: number;
}

/**
 * Adam (Kingma & Ba, ICLR 2015), as PyTorch computes it. `weightDecay` adds weightDecay w to the gradient (default 0).
 *
 * @throws `optim.option`
 */
export function adam(options: AdamOptions): Optimizer {
  return optimizer("adam", options, (update) => {
    const { weightDecay = options.weightDecay ?? 0 } = update;
    const g = weightDecay === 0 ? update.gradient : update.gradient.add(update.value.mul(weightDecay));
    return update.value.sub(step(update, g, options));
  });
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter, ICLR 2019), as PyTorch computes it: each step first takes
 * rate weightDecay w off w (default 0.01).
 *
 * @throws `optim.option`
 */
export function adamw(options: AdamOptions): Optimizer {
  return optimizer("adamw", options, (update) => {
    const { value, learningRate: rate, gradient, weightDecay = options.weightDecay ?? 0.01 } = update;
    const decayed = value.sub(value.mul(weightDecay).mul(rate));
    return decayed.sub(step(update, gradient, options));
  });
}

/** rate m / (sqrt(v) + epsilon), with both corrections taken out of what is done to every entry: one root, one division. */
function step(update: ParameterUpdate, g: Tensor, { betas = [0.9, 0.999], epsilon = 1e-8 }: AdamOptions): Tensor {
  if (!betas.every((beta) => beta > 0 && beta < 1)) {
    throw new PondusError(
      "optim.option",
      `adam: both betas must lie between 0 and 1, but ${betas.join(" and ")} came.`,
    );
  }
  const average = (name: string, beta: number, x: Tensor) =>
    update.remember(name, (before) => before.mul(beta).add(x.mul(1 - beta)));
  // 1 - beta^t by expm1: in float32 the plain difference would lose five digits at beta = 0.999.
  const correction = (beta: number) => update.count().mul(Math.log(beta)).expm1().neg();
  const m = average("m", betas[0], g);
  const v = average("v", betas[1], g.square());
  const one = full([], 1, g.dtype);
  const root = v.sqrt().mul(one.div(correction(betas[1]).sqrt()));
  return m.mul(one.mul(update.learningRate).div(correction(betas[0]))).div(root.add(epsilon));
}
