import { PondusError } from "../../graph/errors.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { formatShape, sameShape, sizeOf } from "../../graph/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { compares } from "./compared.ts";

/** What becomes of the single losses: their mean (the default), their sum, or all of them as they are. */
export type Reduction = "mean" | "sum" | "none";

export interface LossOptions {
  readonly reduction?: Reduction;
}

/**
 * @param each    the single losses
 * @param weight  how much each counts, of the same shape: their mean is then the sum divided by the sum of weights
 * @throws `loss.option`
 */
export function reduced(each: Tensor, { reduction = "mean" }: LossOptions, weight?: Tensor): Tensor {
  const numbers = sizeOf(each.shape);
  if (reduction === "none") return compares(each, numbers);
  if (reduction === "sum") return compares(each.sum(), numbers);
  if (reduction === "mean") return compares(weight ? each.sum().div(weight.sum()) : each.mean(), numbers);
  throw new PondusError(
    "loss.option",
    `reduction ${JSON.stringify(reduction)} is not known; choose "mean", "sum" or "none".`,
  );
}

/** Broadcasting [n, 1] against [n] would compare all with all, silently: shapes must be equal. Throws `loss.shape`. */
export function alike(what: string, prediction: Tensor, target: Tensor, role = "target"): void {
  if (sameShape(prediction.shape, target.shape)) return;
  throw new PondusError(
    "loss.shape",
    `${what}: the prediction is ${formatShape(prediction.shape)}${describeOrigin(prediction.node.origin)} and the ` +
      `${role} ${formatShape(target.shape)}; they must be equal, so reshape one.`,
  );
}

/** Throws `loss.option` unless a setting is a number in its range. */
export function inRange(
  what: string,
  name: string,
  value: number,
  least: number,
  most = Number.POSITIVE_INFINITY,
): void {
  if (value >= least && value <= most) return;
  const range = most === Number.POSITIVE_INFINITY ? `from ${least}` : `from ${least} to ${most}`;
  throw new PondusError("loss.option", `${what}: ${name} is a number ${range}, but ${value} came.`);
}
