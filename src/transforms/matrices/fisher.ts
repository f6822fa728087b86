import { PondusError } from "../../graph/errors.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { formatShape } from "../../graph/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { listOf, rebuild, type Same, type Structure } from "../structure.ts";
import {
  gaussNewton,
  gaussNewtonProduct,
  generalized,
  generalizedProduct,
  type OutputCurvature,
} from "./gauss-newton.ts";

export interface FisherOptions {
  /**
   * What the outputs say of the data: "gaussian", the mean of a normal distribution; "categorical", the logits of classes
   * along the last axis; "bernoulli", one logit each.
   */
  readonly likelihood: "gaussian" | "categorical" | "bernoulli";
  /** Of the normal distribution (default 1). */
  readonly variance?: number;
}

/**
 * The Fisher information of a model: the mean over samples of E[s s'], where s is the gradient of log p(y | outputs) with
 * respect to the knobs and y is drawn from the model itself (Martens, "New insights and perspectives on the natural
 * gradient method", JMLR 21 (146), 2020, section 5). For these likelihoods it is the generalised Gauss-Newton matrix of
 * the negative log-likelihood, J' H J / B (section 9; Schraudolph, Neural Computation 14, 1723, 2002), with
 *
 *   gaussian     H = 1 / variance
 *   categorical  H = diag p - p p', with p = softmax(logits)
 *   bernoulli    H = p (1 - p), with p = sigmoid(logit)
 *
 * for each sample, J being the Jacobian of all outputs.
 *
 * @param outputs  [B, ...]: samples along the first axis. A single axis of categorical logits is one sample, as is a scalar
 * @param wrt      a tensor, or a list or record of them, of one float type; its P entries are counted tensor after tensor,
 *                 each row-major
 * @returns        [P, P], of the type of `wrt`
 * @throws `matrix.price` when the matrix does not fit this machine, before anything is built; `fisher.likelihood`,
 *         `matrix.dtype`, `matrix.twice`
 */
export function fisher(outputs: Tensor, wrt: Structure, options: FisherOptions): Tensor {
  return generalized("fisher", outputs, wrt, curvatureOf(outputs, options));
}

/**
 * The Fisher information times a vector, J' (H (J v)) / B: the price of a few gradients, never the matrix. See `fisher`.
 *
 * @param vector  of the form of `wrt`, as is the result
 * @throws `fisher.likelihood`, and `grad.type` when the vector does not fit
 */
export function fisherProduct<S extends Structure>(
  outputs: Tensor,
  wrt: S,
  vector: Same<S>,
  options: FisherOptions,
): Same<S> {
  return generalizedProduct(outputs, wrt, vector, curvatureOf(outputs, options));
}

/**
 * The mean over samples of g g', where g is the gradient of a sample's own loss. It takes the data's labels where the Fisher
 * information takes the model's own distribution, so the two agree only in special cases (Martens 2020, section 11).
 *
 * @param losses  [B], a loss for each sample
 * @returns       [P, P]
 * @throws what `gaussNewton` throws
 */
export function empiricalFisher(losses: Tensor, wrt: Structure): Tensor {
  return gaussNewton(losses, wrt).mul(1 / losses.size);
}

/** The empirical Fisher information times a vector of the form of `wrt`. See `empiricalFisher`. */
export function empiricalFisherProduct<S extends Structure>(losses: Tensor, wrt: S, vector: Same<S>): Same<S> {
  const product = listOf(gaussNewtonProduct(losses, wrt, vector) as Structure);
  return rebuild(
    wrt,
    product.map((x) => x.mul(1 / losses.size)),
  );
}

function curvatureOf(outputs: Tensor, { likelihood, variance = 1 }: FisherOptions): OutputCurvature {
  const single = outputs.rank === 0 || (likelihood === "categorical" && outputs.rank === 1);
  const share = 1 / (single ? 1 : outputs.shape[0]);
  switch (likelihood) {
    case "gaussian":
      if (variance > 0) return (change) => change.mul(share / variance);
      throw new PondusError("fisher.likelihood", `fisher: the variance must be above 0, but ${variance} came.`);
    case "categorical":
      if (outputs.rank > 0) {
        const p = outputs.softmax();
        return (change) => {
          const weighted = change.mul(p);
          return weighted.sub(p.mul(weighted.sum(-1, { keepDims: true }))).mul(share);
        };
      }
      throw new PondusError(
        "fisher.likelihood",
        `fisher: categorical logits stand along the last axis, but the outputs are ${formatShape(outputs.shape)}` +
          `${describeOrigin(outputs.node.origin)}; for two classes with one logit choose "bernoulli".`,
      );
    case "bernoulli":
      // 1 - p as a sigmoid of its own keeps its digits where p is nearly 1.
      return (change) => change.mul(outputs.sigmoid().mul(outputs.neg().sigmoid())).mul(share);
    default:
      throw new PondusError(
        "fisher.likelihood",
        `fisher: the likelihood should be "gaussian", "categorical" or "bernoulli", but "${likelihood}" came.`,
      );
  }
}
