import type { DType } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { describeOrigin, labelled } from "../../graph/origin.ts";
import type { Parameter } from "../../graph/parameter.ts";
import { formatShape } from "../../graph/shape.ts";
import { parameter, weightOf } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ones, zeros } from "../initializers.ts";
import { type Layer, layer } from "../layer.ts";
import { asAfterTraining, type Training, trainingHere } from "../mode.ts";
import { standardize } from "./standardized.ts";

/**
 * Batch normalization over all axes but the last (Ioffe & Szegedy, ICML 2015): (x - mean) / sqrt(variance + epsilon), then
 * times `weight` plus `bias`, each [features]. In training, mean and variance are the batch's; after it they are
 * `running_mean` and `running_var`, which training averages: running <- (1 - momentum) running + momentum batch, with the
 * unbiased variance, as in PyTorch. See `training`.
 *
 * @param features          size of the last axis
 * @param options.epsilon   added to the variance (default 1e-5)
 * @param options.momentum  share of the newest batch in the running statistics (default 0.1)
 * @param options.affine    whether there are weight and bias (default: yes)
 * @param options.dtype     float32 (default) or float64
 * @throws `layer.size`, `layer.option`; when called, `layer.input`, and in training `batchNorm.batch` unless
 *         each feature has at least two numbers
 */
export function batchNorm(
  features: number,
  options: { epsilon?: number; momentum?: number; affine?: boolean; dtype?: DType } = {},
): Layer {
  const name = `batchNorm(${features})`;
  const { epsilon = 1e-5, momentum = 0.1, affine = true, dtype } = options;
  if (!(Number.isInteger(features) && features > 0)) {
    throw new PondusError("layer.size", `${name}: the number of features must be a whole number from 1.`);
  }
  if (!(epsilon >= 0 && momentum >= 0 && momentum <= 1)) {
    throw new PondusError(
      "layer.option",
      `${name}: epsilon must be a number from 0 and momentum one from 0 to 1, but ${epsilon} and ${momentum} came.`,
    );
  }
  const made = (role: string, init: typeof ones, trainable: boolean) =>
    parameter([features], init, { name: `${name}.${role}`, dtype, trainable });
  const scale = affine ? { weight: made("weight", ones, true), bias: made("bias", zeros, true) } : undefined;
  const running = { mean: made("running_mean", zeros, false), variance: made("running_var", ones, false) };

  const scaled = (y: Tensor) => (scale ? y.mul(scale.weight).add(scale.bias) : y);
  const train = (x: Tensor, training: Training) => {
    const axes = x.shape.map((_, i) => i).slice(0, -1);
    const count = x.size / features;
    if (count < 2 && !training.planned) {
      throw new PondusError(
        "batchNorm.batch",
        `${name}: in training each feature needs at least two numbers, but ${formatShape(x.shape)} came` +
          `${describeOrigin(x.node.origin)}; take a larger batch.`,
      );
    }
    const { result, meanSquare: variance } = standardize(x, axes, epsilon, true);
    const average = (statistic: Tensor, now: Tensor) => {
      const known = weightOf(statistic) as Parameter;
      const before = training.statistic(known, statistic);
      training.note({ parameter: known, value: before.mul(1 - momentum).add(now.stopGradient().mul(momentum)) });
    };
    average(running.mean, x.mean(axes));
    average(running.variance, variance.mul(count / Math.max(count - 1, 1)));
    return scaled(result);
  };
  const call = (x: Tensor) => {
    if (x.rank === 0 || x.shape[x.rank - 1] !== features) {
      throw new PondusError(
        "layer.input",
        `${name} takes [..., ${features}], but ${formatShape(x.shape)} came${describeOrigin(x.node.origin)}.`,
      );
    }
    return labelled(name, () => {
      const training = trainingHere();
      if (training) return train(x, training);
      const y = x.sub(running.mean).div(running.variance.add(epsilon).sqrt());
      return asAfterTraining(name, scaled(y));
    });
  };
  const parameters = { ...scale, running_mean: running.mean, running_var: running.variance };
  return layer("batchNorm", call, { name, parameters });
}
