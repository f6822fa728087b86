import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";
import { describeOrigin, labelled } from "../graph/origin.ts";
import { Parameter } from "../graph/parameter.ts";
import { type Model, nameParameters } from "../nn/index.ts";
import { notInTraining } from "../nn/mode.ts";
import type { Update } from "../runtime/index.ts";
import { Tensor } from "../tensor/tensor.ts";
import { grad } from "../transforms/index.ts";
import type { Clip } from "./clip.ts";
import { groupsOf, type ParameterGroup } from "./parameter-groups.ts";
import type { Schedule } from "./schedules.ts";
import { uniqueNames } from "./unique-names.ts";

/** Turns a loss into updates of the parameters. */
export interface Optimizer {
  readonly name: string;
  /**
   * The updates that lower `loss`: new values of its parameters and of the optimizer's own state, which is made here and
   * starts afresh.
   *
   * @param loss   one float
   * @param model  whose trainable parameters to change (default: every one that the loss depends on, except through
   *               `stopGradient`); parameters take their dotted names from it
   * @throws `optim.parameters` when there is nothing to train, `grad.scalar` when the loss is not one float
   */
  minimize(loss: Tensor, model?: Model): Minimization;
  /** Whether it compares losses of different steps, so that the loss must be the same function at all of them. */
  readonly sameLoss?: boolean;
}

/** One step of an optimizer. */
export type Minimization = {
  readonly updates: Update[];
  /** The loss at the weights that the step finds, where the optimizer knows it and it need not be computed again. */
  readonly loss?: Tensor;
  /** Whether the step found nothing left to do (bool scalar): the weights stay, and no further step will move them. */
  readonly done?: Tensor;
  /** What it cost to come to that loss and its gradient, in gradients (float64 scalar; see `gradientEquivalents`). */
  readonly gradientEquivalents?: Tensor;
};

export interface CommonOptions {
  /** Step size, or a schedule of it. */
  readonly learningRate: number | Schedule;
  /** Applied to all gradients together before anything else, e.g. `clipByGlobalNorm(1)`. */
  readonly clip?: Clip;
  /** Parameters with rates or decays of their own, or frozen; each belongs to the first group that holds it. */
  readonly groups?: readonly ParameterGroup[];
}

/** What the rule of an optimizer sees of one parameter. */
export interface ParameterUpdate {
  readonly value: Tensor;
  readonly gradient: Tensor;
  readonly learningRate: number | Tensor;
  /** That of its group, where that has one. */
  readonly weightDecay: number | undefined;
  /** How many steps there were, this one included, as a float scalar. */
  count(): Tensor;
  /** State of the parameter's shape and type that starts at 0; returns its value after this step. */
  remember(name: string, next: (before: Tensor) => Tensor): Tensor;
}

/** An optimizer from the rule that gives a parameter's next value. */
export function optimizer(name: string, options: CommonOptions, rule: (update: ParameterUpdate) => Tensor): Optimizer {
  const { learningRate: common, clip, groups = [] } = options;
  if (typeof common === "number" && !(Number.isFinite(common) && common >= 0)) {
    throw new PondusError("optim.option", `${name}: learningRate must be a number from 0, but ${common} came.`);
  }
  const minimize = (loss: Tensor, model?: Model) => {
    const all = parametersToTrain(name, loss, model);
    const groupOf = groupsOf(name, groups, all);
    const parameters = all.filter((p) => !groupOf(p)?.frozen);
    if (parameters.length === 0) {
      throw new PondusError(
        "optim.parameters",
        `${name}: all parameters are in frozen groups, so there is nothing to train.`,
      );
    }
    const names = uniqueNames(parameters.map((p) => p.name));
    const values = parameters.map(tensorOf);
    const raw = grad(loss, values);
    return labelled(name, () => {
      const gradients = clip ? clip(raw) : raw;
      const counter = lazyCounter(name);
      const updates: Update[] = parameters.flatMap((parameter, i) => {
        const state: Update[] = [];
        const { learningRate: rate = common, weightDecay } = groupOf(parameter) ?? {};
        const steps = () => counter.value().cast(parameter.dtype);
        const value = rule({
          value: values[i],
          gradient: gradients[i],
          learningRate: typeof rate === "number" ? rate : rate(steps()).cast(parameter.dtype),
          weightDecay,
          count: () => steps().add(1),
          remember: (what, next) => {
            const { shape, dtype } = parameter;
            const slot = new Parameter({ name: `${names[i]}/${what}`, shape, dtype, init: () => 0, trainable: false });
            const after = next(tensorOf(slot));
            state.push({ parameter: slot, value: after });
            return after;
          },
        });
        return [{ parameter, value }, ...state];
      });
      return { updates: [...updates, ...counter.updates()] };
    });
  };
  return { name, minimize };
}

/** The tensor that stands for a parameter's current value. */
export function tensorOf(parameter: Parameter): Tensor {
  return new Tensor(make("parameter", [], { parameter }));
}

/** A count of the steps so far, which exists only when it is asked for. */
function lazyCounter(name: string) {
  let counter: Parameter | undefined;
  return {
    value: (): Tensor => {
      counter ??= new Parameter({ name: `${name}/step`, shape: [], dtype: "int32", init: () => 0, trainable: false });
      return tensorOf(counter);
    },
    updates: (): Update[] => (counter ? [{ parameter: counter, value: tensorOf(counter).add(1) }] : []),
  };
}

/**
 * Every trainable parameter of the model (or of all) that the loss depends on; throws `optim.parameters` when there is none,
 * `train.mode` when the loss was built with layers as they are after training.
 */
export function parametersToTrain(name: string, loss: Tensor, model: Model | undefined): Parameter[] {
  const layer = notInTraining(loss);
  if (layer) {
    throw new PondusError(
      "train.mode",
      `${name}: the loss holds ${layer} as it is after training; give fit a function, loss: () => ..., which it builds for ` +
        "training, or build the loss in nn.training (or on purpose in nn.evaluation).",
    );
  }
  const reached = reachedByGradient(loss.node);
  const candidates = model === undefined ? [...reached] : Object.values(nameParameters(model));
  const found = candidates.filter((p) => p.trainable && isFloat(p.dtype) && reached.has(p));
  if (found.length > 0) return found;
  throw new PondusError(
    "optim.parameters",
    `${name}: the loss${describeOrigin(loss.node.origin)} depends on no trainable parameter` +
      `${model === undefined ? "" : " of the model"}, so there is nothing to train.`,
  );
}

/** Parameters in the order in which the loss uses them; what stands only behind `stopGradient` is left out. */
function reachedByGradient(loss: Node): Set<Parameter> {
  const found = new Set<Parameter>();
  const seen = new Set<Node>([loss]);
  const stack = [loss];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (node.is("parameter")) found.add(node.attrs.parameter);
    if (node.is("stop")) continue;
    for (const x of node.inputs.toReversed()) {
      if (seen.has(x)) continue;
      seen.add(x);
      stack.push(x);
    }
  }
  return found;
}
