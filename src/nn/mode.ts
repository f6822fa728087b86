import type { Node } from "../graph/node.ts";
import type { Parameter } from "../graph/parameter.ts";
import { topological } from "../graph/walk.ts";
import { foldIn } from "../tensor/random/index.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A parameter that training changes beside what it learns by gradients, such as a running mean, and its next value. */
export interface Statistic {
  readonly parameter: Parameter;
  readonly value: Tensor;
}

/** What layers find that are being trained. */
export interface Training {
  /** Whether nothing will run, and all that is asked is what a step would take: any batch will do then. */
  readonly planned: boolean;
  /** A random key that no other call gets. */
  key(): Tensor;
  /** Where a statistic stands, after those changes that were noted before. */
  statistic(parameter: Parameter, now: Tensor): Tensor;
  note(statistic: Statistic): void;
}

let mode: Training | "evaluation" | undefined;

/** What is being trained, if something is: layers ask while the graph is built. */
export function trainingHere(): Training | undefined {
  return mode === "evaluation" ? undefined : mode;
}

/**
 * Builds a graph as for training: dropout drops, batch normalization takes the batch's own mean and variance. Outside of
 * it layers do what they do after training. `optim.fit` builds its loss so when that is a function; with
 * `Optimizer.minimize` it is yours to call, and the updates belong beside the optimizer's.
 *
 * @param key              a random key, another one at each step
 * @param build            called once
 * @param options.planned  the graph is for weighing alone, so that layers need not refuse batches too small to train with
 * @returns what `build` returned, and next values of running statistics
 */
export function training<T>(
  key: Tensor,
  build: () => T,
  options: { planned?: boolean } = {},
): { value: T; updates: Statistic[] } {
  let drawn = 0;
  const values = new Map<Parameter, Tensor>();
  const here: Training = {
    planned: options.planned ?? false,
    key: () => foldIn(key, drawn++),
    statistic: (parameter, now) => values.get(parameter) ?? now,
    note: ({ parameter, value }) => void values.set(parameter, value),
  };
  const value = within(here, build);
  return { value, updates: [...values].map(([parameter, next]) => ({ parameter, value: next })) };
}

/**
 * Builds a graph as for use, on purpose: a loss that is made so may be trained, with layers as they are after training.
 * (Batch statistics are then kept as they are, which fine-tuning may want.)
 */
export function evaluation<T>(build: () => T): T {
  return within("evaluation", build);
}

function within<T>(now: typeof mode, build: () => T): T {
  const before = mode;
  mode = now;
  try {
    return build();
  } finally {
    mode = before;
  }
}

/**
 * Results of layers that would have done something else in training, with the layer's name; undefined once the user meant it
 * so. Equal expressions are one node, so what was meant once is meant.
 */
const afterTraining = new WeakMap<Node, string | undefined>();

/** Remembers that `result` is what a layer gives after training. */
export function asAfterTraining(name: string, result: Tensor): Tensor {
  if (mode === "evaluation") afterTraining.set(result.node, undefined);
  else if (!afterTraining.has(result.node)) afterTraining.set(result.node, name);
  return result;
}

/** The first layer below `loss` that does not do what it should while it is trained; undefined when all do. */
export function notInTraining(loss: Tensor): string | undefined {
  return topological([loss.node])
    .map((node) => afterTraining.get(node))
    .find((name) => name !== undefined);
}
