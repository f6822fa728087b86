import { labelled } from "../../graph/origin.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { alike, inRange, type LossOptions, reduced } from "./reduced.ts";

/**
 * Squared error.
 *
 * @param prediction  any shape
 * @param target      the same shape
 * @throws `loss.shape` when the shapes differ
 */
export function mse(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  alike("mse", prediction, target);
  return labelled("mse", () => reduced(prediction.sub(target).square(), options));
}

/** Absolute error of two tensors of one shape. Throws `loss.shape`. */
export function mae(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  alike("mae", prediction, target);
  return labelled("mae", () => reduced(prediction.sub(target).abs(), options));
}

/**
 * Half the squared error up to `delta`, linear beyond (Huber, Ann. Math. Stat. 35, 73, 1964).
 *
 * @param options.delta  where the line begins, in the units of the prediction (default 1)
 * @throws `loss.shape` when the shapes differ, `loss.option`
 */
export function huber(prediction: Tensor, target: Tensor, options: LossOptions & { delta?: number } = {}): Tensor {
  alike("huber", prediction, target);
  const { delta = 1 } = options;
  inRange("huber", "delta", delta, 0);
  return labelled("huber", () => {
    const error = prediction.sub(target);
    const size = error.abs();
    const each = where(size.le(delta), error.square().mul(0.5), size.sub(delta / 2).mul(delta));
    return reduced(each, options);
  });
}

/**
 * How unlikely a target is under a normal distribution that was predicted (Nix & Weigend, ICNN 1994), in nats:
 * (log(variance) + (target - mean)^2 / variance) / 2.
 *
 * @param mean             any shape
 * @param target           the same shape
 * @param variance         the same shape, from 0; what lies below `epsilon` counts as `epsilon`, and gradients pass through
 * @param options.full     whether log(2 pi) / 2 is added, which changes no gradient (default: no)
 * @param options.epsilon  (default 1e-6)
 * @throws `loss.shape` when the shapes differ, `loss.option`
 */
export function gaussianNll(
  mean: Tensor,
  target: Tensor,
  variance: Tensor,
  options: LossOptions & { full?: boolean; epsilon?: number } = {},
): Tensor {
  alike("gaussianNll", mean, target);
  alike("gaussianNll", mean, variance, "variance");
  const { full = false, epsilon = 1e-6 } = options;
  inRange("gaussianNll", "epsilon", epsilon, 0);
  return labelled("gaussianNll", () => {
    // The floor is added as a constant, so that a variance below it still learns to grow.
    const raised = variance.add(variance.maximum(epsilon).sub(variance).stopGradient());
    const each = raised.log().add(target.sub(mean).square().div(raised)).mul(0.5);
    return reduced(full ? each.add(Math.log(2 * Math.PI) / 2) : each, options);
  });
}
