import { PondusError } from "../graph/errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import { type Model, parametersOf } from "../nn/index.ts";
import type { Schedule } from "./schedules.ts";

/** Parameters that an optimizer treats in a way of their own, as PyTorch's parameter groups and optax's `multi_transform`. */
export interface ParameterGroup {
  /** Which they are: all of a layer or another part of the model, or those of which this holds. */
  readonly parameters: Model | ((parameter: Parameter) => boolean);
  /** In place of the optimizer's. */
  readonly learningRate?: number | Schedule;
  /** In place of the optimizer's. */
  readonly weightDecay?: number;
  /** Whether they stay as they are; their gradients are not computed, nor counted when gradients are clipped. */
  readonly frozen?: boolean;
}

/** Which parameters are biases or weights of norms: those of one axis or none, which weight decay usually leaves out. */
export const biasesAndNorms = (parameter: Parameter): boolean => parameter.shape.length <= 1;

/**
 * The group of each parameter: the first that it belongs to.
 *
 * @throws `optim.groups` for a group without parameters, or with a rate or decay that is none
 */
export function groupsOf(
  name: string,
  groups: readonly ParameterGroup[],
  parameters: readonly Parameter[],
): (parameter: Parameter) => ParameterGroup | undefined {
  const tests = groups.map(({ parameters: which, learningRate, weightDecay }, i) => {
    for (const [what, value] of Object.entries({ learningRate, weightDecay })) {
      if (value === undefined || typeof value === "function" || (Number.isFinite(value) && value >= 0)) continue;
      throw new PondusError(
        "optim.groups",
        `${name}: ${what} of group ${i + 1} must be a number from 0, but ${value} came.`,
      );
    }
    // A layer is a function too.
    const isTest = typeof which === "function" && !("parameters" in which);
    const members = isTest ? undefined : new Set(Object.values(parametersOf(which as Model)));
    const belongs = (p: Parameter) => (members ? members.has(p) : (which as (p: Parameter) => boolean)(p));
    if (!parameters.some(belongs)) {
      throw new PondusError(
        "optim.groups",
        `${name}: group ${i + 1} holds none of the parameters to train (${parameters.map((p) => p.name).join(", ")}); name ` +
          "a part of the model, or give a test of which at least one holds.",
      );
    }
    return belongs;
  });
  return (parameter) => groups[tests.findIndex((belongs) => belongs(parameter))];
}

/** @throws `optim.groups` where groups were given to a method that moves all parameters together */
export function refuseGroups(name: string, options: object): void {
  if (!("groups" in options) || options.groups === undefined) return;
  throw new PondusError(
    "optim.groups",
    `${name}: it moves all parameters along one direction, so that groups cannot have rates or decays of their own; use sgd, adam or ` +
      "adamw, or leave parameters out by stopGradient, trainable: false, or the model that is given to fit.",
  );
}
