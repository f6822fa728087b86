import { PondusError } from "../../graph/errors.ts";
import { describeOrigin, labelled } from "../../graph/origin.ts";
import { broadcast, formatShape, sameShape } from "../../graph/shape.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { alike, type LossOptions, reduced } from "./reduced.ts";

interface BinaryOptions extends LossOptions {
  /** How much each single loss counts; spread to the shape of the prediction. Means divide by how many there are. */
  readonly weight?: Tensor;
}

/** The single losses times their weights. Throws `loss.shape`. */
function weighted(what: string, each: Tensor, weight: Tensor | undefined): Tensor {
  return weight ? each.mul(spreadable(what, each, weight, "weight")) : each;
}

function spreadable(what: string, each: Tensor, weight: Tensor, role: string): Tensor {
  if (sameShape(broadcast(weight.shape, each.shape) ?? [-1], each.shape)) return weight;
  throw new PondusError(
    "loss.shape",
    `${what}: the ${role} must spread to ${formatShape(each.shape)}, but it is ${formatShape(weight.shape)}` +
      `${describeOrigin(weight.node.origin)}.`,
  );
}

/**
 * Binary cross entropy of sigmoid(logits), in nats, with full relative accuracy for any logit.
 *
 * @param logits                  any shape
 * @param target                  probabilities, the same shape and type
 * @param options.positiveWeight  how much a target of 1 counts beside one of 0, spread to the shape of the logits
 * @throws `loss.shape` when the shapes differ
 */
export function bceWithLogits(
  logits: Tensor,
  target: Tensor,
  options: BinaryOptions & { positiveWeight?: Tensor } = {},
): Tensor {
  const { positiveWeight, weight } = options;
  alike("bceWithLogits", logits, target);
  return labelled("bceWithLogits", () => {
    const yes = logits.neg().softplus().mul(target);
    const no = logits.softplus().mul(target.neg().add(1));
    const more = positiveWeight ? yes.mul(spreadable("bceWithLogits", yes, positiveWeight, "positiveWeight")) : yes;
    return reduced(weighted("bceWithLogits", more.add(no), weight), options);
  });
}

/**
 * Binary cross entropy of probabilities, in nats. Each logarithm is taken as -100 at least, as in PyTorch, so that a certain
 * mistake costs 100 rather than infinity; `bceWithLogits` needs no such floor, and is the better choice where there are logits.
 *
 * @param prediction  probabilities, any shape; the loss of what is no number from 0 to 1 is NaN
 * @param target      probabilities, the same shape and type
 * @throws `loss.shape` when the shapes differ
 */
export function bce(prediction: Tensor, target: Tensor, options: BinaryOptions = {}): Tensor {
  alike("bce", prediction, target);
  return labelled("bce", () => {
    const isProbability = prediction.ge(0).and(prediction.le(1));
    const inside = where(isProbability, prediction, Number.NaN);
    const yes = inside.log().maximum(-100).mul(target);
    const no = inside.neg().log1p().maximum(-100).mul(target.neg().add(1));
    return reduced(weighted("bce", yes.add(no).neg(), options.weight), options);
  });
}

/**
 * The hinge loss of a margin classifier (Cortes & Vapnik, Machine Learning 20, 273, 1995): max(0, 1 - target prediction).
 *
 * @param prediction  any shape; its sign is the class
 * @param target      1 or -1, the same shape and type
 * @throws `loss.shape` when the shapes differ
 */
export function hinge(prediction: Tensor, target: Tensor, options: BinaryOptions = {}): Tensor {
  alike("hinge", prediction, target);
  return labelled("hinge", () => {
    const short = target.mul(prediction).neg().add(1);
    return reduced(weighted("hinge", where(short.le(0), 0, short), options.weight), options);
  });
}
