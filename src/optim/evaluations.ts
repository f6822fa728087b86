import { Parameter } from "../graph/parameter.ts";
import { tensor } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Checkpoint } from "./training/checkpoint.ts";

/** What an optimizer asked of the loss, or of the residuals. */
export interface Evaluations {
  /** The loss alone. */
  readonly losses: number;
  /** The loss with its gradient; or the residuals with one row of their Jacobian, or one row for each sample, by reverse mode. */
  readonly gradients: number;
  /** The change along one direction, by forward mode: a column of the Jacobian. */
  readonly derivatives: number;
  /** A Hessian, Gauss-Newton or Fisher matrix times a vector. */
  readonly products: number;
}

const kinds = ["losses", "gradients", "derivatives", "products"] as const;

/**
 * What each costs in gradients, by the usual count of passes: the forward pass is one half of a gradient (the backward
 * pass, about twice as dear where layers are wide, is rounded to the other half); forward mode goes through once with two
 * numbers for one; a product goes forward and backward with two numbers for one.
 */
const price: Evaluations = { losses: 0.5, gradients: 1, derivatives: 1, products: 2 };

/** The evaluations in units of one gradient. */
export function inGradients(evaluations: Partial<Evaluations>): number {
  return kinds.reduce((sum, kind) => sum + price[kind] * (evaluations[kind] ?? 0), 0);
}

/** The parameter in which an optimizer counts: [losses, gradients, derivatives, products]. */
export function evaluationCounter(name: string): Parameter {
  const shape = [kinds.length];
  return new Parameter({ name: `${name}/evaluations`, shape, dtype: "float64", init: () => 0, trainable: false });
}

/** The counts, as a tensor in the counter's order; each is a whole number or an int32 scalar. */
export function counts(these: Partial<Record<keyof Evaluations, number | Tensor>>): Tensor {
  const unit = (kind: string) =>
    tensor(
      kinds.map((k) => (k === kind ? 1 : 0)),
      { dtype: "float64" },
    );
  return Object.entries(these)
    .map(([kind, n]) => unit(kind).mul(typeof n === "number" ? n : n.cast("float64")))
    .reduce((sum, x) => sum.add(x));
}

/** The counter's cost in gradients, as a tensor. */
export function costOf(counted: Tensor): Tensor {
  return counted
    .mul(
      tensor(
        kinds.map((kind) => price[kind]),
        { dtype: "float64" },
      ),
    )
    .sum();
}

/** What a training asked of its loss, as its checkpoint counts it: gradients, one a step, where its optimizer does not count. */
export function evaluationsIn(checkpoint: Pick<Checkpoint, "step" | "tensors">): Evaluations {
  const found = Object.entries(checkpoint.tensors).find(([name]) => /(^|\/)evaluations$/.test(name));
  return named(found ? found[1].data : [0, checkpoint.step, 0, 0]);
}

/** Adds to a counter. */
export function count(counter: Parameter, more: Partial<Evaluations>): void {
  counter.write(counter.read().map((n, i) => n + (more[kinds[i]] ?? 0)));
}

/** What a counter counted. */
export function evaluationsOf(counter: Parameter): Evaluations {
  return named(counter.peek());
}

const named = (n: ArrayLike<number>): Evaluations => ({
  losses: n[0],
  gradients: n[1],
  derivatives: n[2],
  products: n[3],
});

/**
 * What a training cost in units of one evaluation of the loss with its gradient, by which different optimizers can be
 * compared: the loss alone counts 1/2, a forward derivative 1, a Hessian, Gauss-Newton or Fisher matrix times a vector 2.
 */
export function gradientEquivalents(checkpoint: Pick<Checkpoint, "step" | "tensors">): number {
  return inGradients(evaluationsIn(checkpoint));
}
