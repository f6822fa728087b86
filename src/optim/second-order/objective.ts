import { formal } from "../../graph/body.ts";
import { PondusError } from "../../graph/errors.ts";
import { describeOrigin } from "../../graph/origin.ts";
import type { Parameter } from "../../graph/parameter.ts";
import { substitute } from "../../graph/walk.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { grad, hvp } from "../../transforms/index.ts";
import { tensorOf } from "../optimizer.ts";
import type { Vector } from "../vector.ts";

/** A loss and its gradient at some weights. */
export interface Slope {
  readonly loss: Tensor;
  readonly gradient: Tensor[];
}

/** A loss as a function of the weights, so that it can be asked at others than those that the parameters hold. */
export interface Objective {
  /** The weights that the parameters hold. */
  readonly here: Vector;
  readonly dtype: "float32" | "float64";
  at(weights: Vector): Slope;
  /** The Hessian at some weights times a vector. */
  hessian(weights: Vector, v: Vector): Tensor[];
}

/** @throws `optim.dtype` unless loss and parameters are all of one type, `grad.scalar` when the loss is not one float */
export function objective(name: string, loss: Tensor, parameters: readonly Parameter[]): Objective {
  const here = parameters.map(tensorOf);
  const gradient = grad(loss, here);
  const odd = parameters.find((p) => p.dtype !== loss.dtype);
  if (odd) {
    throw new PondusError(
      "optim.dtype",
      `${name}: the loss and all parameters must be of one type, but the loss is ${loss.dtype}` +
        `${describeOrigin(loss.node.origin)} and ${odd.name} is ${odd.dtype}; make them with { dtype: "float64" }.`,
    );
  }
  const scalar = loss.reshape([]);
  return {
    here,
    dtype: loss.dtype as "float32" | "float64",
    at: (weights) => {
      const [value, ...slopes] = moved([scalar, ...gradient], here, weights);
      return { loss: value, gradient: slopes };
    },
    hessian: linearMap(here, (v) => hvp(loss, here, v)),
  };
}

/** A linear map that depends on the weights: derived once at those that the parameters hold, and asked at any others. */
export function linearMap(here: Vector, map: (v: Tensor[]) => Tensor[]): (weights: Vector, v: Vector) => Tensor[] {
  let derived: { formals: Tensor[]; outputs: Tensor[] } | undefined;
  return (weights, v) => {
    if (!derived) {
      const formals = here.map((x) => new Tensor(formal(x)));
      derived = { formals, outputs: map(formals) };
    }
    return moved(derived.outputs, [...here, ...derived.formals], [...weights, ...v]);
  };
}

/** Expressions with some of their leaves replaced. */
function moved(expressions: Vector, from: Vector, to: Vector): Tensor[] {
  const replacements = new Map(from.map((x, i) => [x.node, to[i].node]));
  return substitute(
    expressions.map((x) => x.node),
    replacements,
  ).map((node) => new Tensor(node));
}
