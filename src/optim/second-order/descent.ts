import { labelled } from "../../graph/origin.ts";
import { Parameter } from "../../graph/parameter.ts";
import type { Shape } from "../../graph/shape.ts";
import type { Update } from "../../runtime/program.ts";
import { whileLoop } from "../../tensor/control.ts";
import { full } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { costOf, counts, evaluationCounter } from "../evaluations.ts";
import { type Optimizer, parametersToTrain, tensorOf } from "../optimizer.ts";
import { uniqueNames } from "../unique-names.ts";
import { carried, differ, largest, type Vector, vectorIn } from "../vector.ts";
import { finite } from "./line-search.ts";
import { type Objective, objective, type Slope } from "./objective.ts";

/** What the rule of a method that descends sees. */
export interface Stand extends Slope {
  readonly objective: Objective;
  /** The weights that the step found. */
  readonly weights: Vector;
  /** bool: whether the slope here was not known: the first step, or the weights were changed from outside. */
  readonly fresh: Tensor;
  /** bool: whether the gradient is above the tolerance (and finite). Where it is not, nothing need be evaluated. */
  readonly active: Tensor;
  /** A number or a few that the optimizer keeps, 0 at first: its value before this step. */
  state(name: string, shape?: Shape, dtype?: "int32" | "float32" | "float64"): Kept;
  /** Vectors that it keeps, 0 at first: `rows` of them for each parameter, or one. */
  vectors(name: string, rows?: number): Kept[];
}

/** State of an optimizer: what it was, and what it is to be. */
export interface Kept {
  readonly before: Tensor;
  become(value: Tensor): void;
}

/** Where the rule goes. */
export interface Move extends Slope {
  readonly weights: Vector;
  /** bool: whether it found that no descent is left here. */
  readonly stuck: Tensor;
  /** float64 [4], see `counts`: what it evaluated. */
  readonly evaluated: Tensor;
}

/**
 * An optimizer that goes downhill from the loss, gradient and memory that the step before left: they are parameters, so
 * that a step is part of a program and a training can be resumed. What a step knows at its end is not computed again.
 * It is done when no entry of the gradient exceeds `tolerance`, or the rule is stuck.
 */
export function descent(name: string, tolerance: number, rule: (stand: Stand) => Move): Optimizer {
  const minimize = (loss: Tensor, model?: Parameters<Optimizer["minimize"]>[1]) => {
    const parameters = parametersToTrain(name, loss, model);
    const names = uniqueNames(parameters.map((p) => p.name));
    const f = objective(name, loss, parameters);
    return labelled(name, () => {
      const memory = keeper(f.dtype);
      const vectors = (what: string, rows?: number) =>
        parameters.map((p, i) => memory.keep(`${names[i]}/${what}`, rows ? [rows, ...p.shape] : p.shape));
      const counter = evaluationCounter(name);
      const counted = tensorOf(counter);
      const seen = vectors("seen");
      const gradient = vectors("gradient");
      const last = memory.keep(`${name}/loss`);
      const known = { loss: last.before, gradient: gradient.map((g) => g.before) };
      const changed = differ(
        f.here,
        seen.map((x) => x.before),
      );
      const fresh = counted.sum().eq(0).or(changed);
      const slope = slopeUnless(fresh, f, known);
      const active = largest(slope.gradient).gt(tolerance).and(finite(slope.loss));
      const move = rule({
        ...slope,
        objective: f,
        weights: f.here,
        fresh,
        active,
        state: (what, shape, dtype) => memory.keep(`${name}/${what}`, shape, dtype),
        vectors,
      });
      last.become(move.loss);
      for (const [i, g] of gradient.entries()) g.become(move.gradient[i]);
      for (const [i, x] of seen.entries()) x.become(move.weights[i]);
      const arrived = counted.add(counts({ gradients: fresh.cast("int32") }));
      return {
        updates: [
          ...parameters.map((parameter, i) => ({ parameter, value: move.weights[i] })),
          ...memory.updates(),
          { parameter: counter, value: arrived.add(move.evaluated) },
        ],
        loss: slope.loss,
        done: active.not().or(move.stuck),
        gradientEquivalents: costOf(arrived),
      };
    });
  };
  return { name, minimize, sameLoss: true };
}

/** Makes the optimizer's own parameters, and gathers their updates. */
function keeper(dtype: "float32" | "float64") {
  const updates: Update[] = [];
  return {
    updates: () => updates,
    keep(name: string, shape: Shape = [], type: "int32" | "float32" | "float64" = dtype): Kept {
      const parameter = new Parameter({ name, shape, dtype: type, init: () => 0, trainable: false });
      const before = tensorOf(parameter);
      return { before, become: (value) => void updates.push({ parameter, value }) };
    },
  };
}

/** Loss and gradient at the present weights: the known ones, unless they have to be computed. */
function slopeUnless(fresh: Tensor, f: Objective, known: Slope): Slope {
  // A loop of one iteration or none, not `cond`: a branch would compute outside what existed before it, such as the loss.
  const end = whileLoop(
    { todo: fresh, loss: known.loss, ...carried("x", f.here), ...carried("g", known.gradient) },
    (c) => c.todo,
    (c) => {
      const weights = vectorIn(c, "x", f.here);
      const { loss, gradient } = f.at(weights);
      return { todo: full([], 0, "bool"), loss, ...carried("x", weights), ...carried("g", gradient) };
    },
  );
  return { loss: end.loss, gradient: vectorIn(end, "g", f.here) };
}
