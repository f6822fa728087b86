import { PondusError } from "../../graph/errors.ts";
import { describeOrigin, labelled } from "../../graph/origin.ts";
import { formatShape, sameShape } from "../../graph/shape.ts";
import { arange } from "../../tensor/functions.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { alike, inRange, type LossOptions, reduced } from "./reduced.ts";

export interface ClassOptions extends LossOptions {
  /** How much each class counts, [classes]. The mean of losses of labels divides by the weights of those labels. */
  readonly weight?: Tensor;
  /** A label whose samples count for nothing, such as that of padding. */
  readonly ignore?: number;
}

export interface CrossEntropyOptions extends ClassOptions {
  /** The share of the target that is spread evenly over all classes (Szegedy et al., CVPR 2016; default 0). */
  readonly smoothing?: number;
}

/**
 * Cross entropy of the softmax of `logits` over the last axis, in nats. Adding a number to all logits changes nothing.
 *
 * @param logits  [..., classes]
 * @param target  labels [...], int32, from 0 to classes - 1 (the loss of any other but `ignore` is NaN); or probabilities
 *                [..., classes] of the type of the logits
 * @throws `loss.shape` when shapes do not fit, `loss.option`
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { smoothing = 0, weight, ignore } = options;
  inRange("crossEntropy", "smoothing", smoothing, 0, 1);
  checkWeight("crossEntropy", logits, weight);
  if (target.dtype !== "int32") {
    alike("crossEntropy", logits, target);
    if (ignore !== undefined) {
      throw new PondusError("loss.option", "crossEntropy: `ignore` is a label, but the target holds probabilities.");
    }
    return labelled("crossEntropy", () => {
      const smooth = smoothing > 0 ? target.mul(1 - smoothing).add(smoothing / logits.shape[logits.rank - 1]) : target;
      return reduced(expected(logits.logSoftmax(), smooth, weight).neg(), options);
    });
  }
  checkLabels("crossEntropy", logits, target);
  return labelled("crossEntropy", () => {
    const logs = logits.logSoftmax();
    const { each, counts } = ofLabels(logs, target, options);
    if (smoothing === 0) return reduced(each, options, counts);
    const all = (weight ? logs.mul(weight) : logs).mean(-1).neg();
    const even = ignore === undefined ? all : where(target.eq(ignore), 0, all);
    return reduced(each.mul(1 - smoothing).add(even.mul(smoothing)), options, counts);
  });
}

/**
 * The negative logarithm of the probability of a label: what `crossEntropy` is of logits, of log probabilities.
 *
 * @param logs    log probabilities [..., classes], as `logSoftmax` gives them
 * @param target  labels [...], int32, from 0 to classes - 1 (the loss of any other but `ignore` is NaN)
 * @throws `loss.shape` when shapes do not fit
 */
export function nll(logs: Tensor, target: Tensor, options: ClassOptions = {}): Tensor {
  checkWeight("nll", logs, options.weight);
  checkLabels("nll", logs, target);
  return labelled("nll", () => {
    const { each, counts } = ofLabels(logs, target, options);
    return reduced(each, options, counts);
  });
}

/**
 * The Kullback-Leibler divergence of a target from a prediction, summed over the last axis, in nats: how many more nats a
 * code for the prediction takes on the target. Where the target is 0, so is its term.
 *
 * @param logs               log probabilities that were predicted, [..., classes]
 * @param target             probabilities of the same shape, or their logarithms
 * @param options.logTarget  whether the target holds logarithms (default: no)
 * @param options.reduction  "mean" is that over all axes but the last (of [batch, classes], PyTorch's "batchmean")
 * @throws `loss.shape` when the shapes differ
 */
export function kl(logs: Tensor, target: Tensor, options: LossOptions & { logTarget?: boolean } = {}): Tensor {
  alike("kl", logs, target);
  return labelled("kl", () => {
    const share = options.logTarget ? target.exp() : target;
    const none = share.eq(0);
    const own = options.logTarget ? target : where(none, 1, target).log();
    return reduced(where(none, 0, share.mul(own.sub(logs))).sum(-1), options);
  });
}

/** Losses of single labels, and where they do not count alike how much each does. */
function ofLabels(logs: Tensor, target: Tensor, { weight, ignore }: ClassOptions): { each: Tensor; counts?: Tensor } {
  const classes = logs.shape[logs.rank - 1];
  const chosen = target.unsqueeze(-1).eq(arange(classes));
  const known = target.ge(0).and(target.lt(classes));
  const plain = where(known, where(chosen, logs, 0).sum(-1).neg(), Number.NaN);
  const own = weight && where(chosen, weight, 0).sum(-1);
  const each = own ? plain.mul(own) : plain;
  if (ignore === undefined) return { each, counts: own };
  const ignored = target.eq(ignore);
  const counts = own ? where(ignored, 0, own) : ignored.not().cast(logs.dtype);
  return { each: where(ignored, 0, each), counts };
}

/** Sum over classes of probability times logarithm; 0 where the probability is. */
function expected(logs: Tensor, target: Tensor, weight: Tensor | undefined): Tensor {
  const counted = weight ? target.mul(weight) : target;
  return where(counted.eq(0), 0, counted.mul(logs)).sum(-1);
}

function checkLabels(what: string, logits: Tensor, target: Tensor): void {
  if (target.dtype === "int32" && sameShape(logits.shape.slice(0, -1), target.shape) && logits.rank > 0) return;
  throw new PondusError(
    "loss.shape",
    `${what}: ${formatShape(logits.shape)}${describeOrigin(logits.node.origin)}, whose last axis are the classes, take ` +
      `int32 labels ${formatShape(logits.shape.slice(0, -1))}, but ${formatShape(target.shape)} came` +
      `${target.dtype === "int32" ? "" : ` of ${target.dtype}`}.`,
  );
}

function checkWeight(what: string, logits: Tensor, weight: Tensor | undefined): void {
  if (!weight || sameShape(weight.shape, logits.shape.slice(-1))) return;
  throw new PondusError(
    "loss.shape",
    `${what}: a weight for each class is ${formatShape(logits.shape.slice(-1))}, but ${formatShape(weight.shape)} came` +
      `${describeOrigin(weight.node.origin)}.`,
  );
}
