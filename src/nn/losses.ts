import { PondusError } from "../graph/errors.ts";
import { describeOrigin, labelled } from "../graph/origin.ts";
import { formatShape, sameShape, sizeOf } from "../graph/shape.ts";
import { arange } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";
import { compares } from "./compared.ts";

/** What becomes of the single losses: their mean (the default), their sum, or all of them as they are. */
export type Reduction = "mean" | "sum" | "none";

interface LossOptions {
  readonly reduction?: Reduction;
}

function reduced(each: Tensor, { reduction = "mean" }: LossOptions): Tensor {
  const numbers = sizeOf(each.shape);
  if (reduction === "none") return compares(each, numbers);
  if (reduction === "sum") return compares(each.sum(), numbers);
  if (reduction === "mean") return compares(each.mean(), numbers);
  throw new PondusError("loss.reduction", `reduction "${reduction}" is not known; choose mean, sum or none.`);
}

/** Broadcasting [n, 1] against [n] would compare all with all, silently: shapes must be equal. */
function alike(what: string, prediction: Tensor, target: Tensor): void {
  if (sameShape(prediction.shape, target.shape)) return;
  throw new PondusError(
    "loss.shape",
    `${what}: the prediction is ${formatShape(prediction.shape)}${describeOrigin(prediction.node.origin)} and the ` +
      `target ${formatShape(target.shape)}; they must be equal, so reshape one.`,
  );
}

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
 * @throws `loss.shape` when the shapes differ
 */
export function huber(prediction: Tensor, target: Tensor, options: LossOptions & { delta?: number } = {}): Tensor {
  alike("huber", prediction, target);
  const { delta = 1 } = options;
  return labelled("huber", () => {
    const error = prediction.sub(target);
    const size = error.abs();
    const each = where(size.le(delta), error.square().mul(0.5), size.sub(delta / 2).mul(delta));
    return reduced(each, options);
  });
}

/**
 * Cross entropy of the softmax of `logits` over the last axis, in nats.
 *
 * @param logits  [..., classes]
 * @param target  labels [...], int32, from 0 to classes - 1 (the loss of any other is NaN); or probabilities
 *                [..., classes] of the type of the logits
 * @throws `loss.shape` when the shapes do not fit
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  if (target.dtype !== "int32") {
    alike("crossEntropy", logits, target);
    return labelled("crossEntropy", () => reduced(logits.logSoftmax().mul(target).sum(-1).neg(), options));
  }
  const classes = logits.shape[logits.rank - 1];
  if (!sameShape(logits.shape.slice(0, -1), target.shape)) {
    throw new PondusError(
      "loss.shape",
      `crossEntropy: logits ${formatShape(logits.shape)}${describeOrigin(logits.node.origin)} take int32 labels ` +
        `${formatShape(logits.shape.slice(0, -1))}, but ${formatShape(target.shape)} came.`,
    );
  }
  return labelled("crossEntropy", () => {
    const chosen = target.unsqueeze(-1).eq(arange(classes));
    const known = target.ge(0).and(target.lt(classes));
    const each = logits.logSumExp(-1).sub(where(chosen, logits, 0).sum(-1));
    return reduced(where(known, each, Number.NaN), options);
  });
}

/**
 * Binary cross entropy of sigmoid(logits), in nats, with full relative accuracy for any logit.
 *
 * @param logits  any shape
 * @param target  probabilities, the same shape and type
 * @throws `loss.shape` when the shapes differ
 */
export function bceWithLogits(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  alike("bceWithLogits", logits, target);
  return labelled("bceWithLogits", () => {
    const yes = logits.neg().softplus().mul(target);
    const no = logits.softplus().mul(target.neg().add(1));
    return reduced(yes.add(no), options);
  });
}
