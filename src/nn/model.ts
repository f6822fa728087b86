import { PondusError } from "../graph/errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import { parametersUnder } from "../graph/program.ts";
import { weightOf } from "../tensor/parameter.ts";
import { Tensor } from "../tensor/tensor.ts";
import { isLayer, type Layer } from "./layer.ts";

/** Whatever holds knobs: a layer, a tensor made of parameters, or a list or record of such. */
export type Model = Layer | Tensor | readonly Model[] | { readonly [name: string]: Model };

/** A weight at one of its places in a model. */
export interface Occurrence {
  /** Its dotted name there: "0.weight". */
  readonly name: string;
  /** The parameter, constrained or not. */
  readonly weight: Parameter;
  /** Whether PyTorch keeps it, as the part of a layer that it is here, with its last two axes swapped. */
  readonly transposed?: boolean;
  /** What its blocks are for here, where its shape does not say. */
  readonly blocks?: string;
}

/**
 * The weights that a tensor is computed from, by their dotted names; one that is a weight has the name of its place.
 *
 * @param path  the tensor's own place
 */
export function weightsUnder(x: Tensor, path: string): Occurrence[] {
  const weights = [...new Set([...parametersUnder([x.node])].map((p) => p.of ?? p))];
  return weights.map((weight) => {
    if (!path) return { name: weight.name, weight };
    // Not by a name that was itself given by place: that would grow whenever it is given anew.
    return { name: weights.length === 1 ? path : `${path}.${weight.given}`, weight };
  });
}

/** The parameters that hold a weight's numbers: itself, or those that it hangs on, the frozen ones under a name below it. */
export function holders({ name, weight }: Occurrence): { name: string; parameter: Parameter }[] {
  if (!weight.constrained) return [{ name, parameter: weight }];
  const { knobs, frozen } = weight.constrained;
  const free = knobs ? [{ name, parameter: knobs }] : [];
  return frozen ? [...free, { name: knobs ? `${name}.frozen` : name, parameter: frozen }] : free;
}

/**
 * Every weight of a model at every place where it stands, in the order in which the model lists them.
 *
 * @throws `model.type` for what is neither a layer, a tensor, a list nor a record
 */
export function occurrences(model: Model): Occurrence[] {
  const found: Occurrence[] = [];
  const visit = (part: Model, path: string, transposed = false, blocks?: string) => {
    const below = (name: string) => (path ? `${path}.${name}` : name);
    if (part instanceof Tensor) {
      // What a matrix is computed from need not be a matrix.
      const over = transposed && weightOf(part) !== undefined;
      found.push(...weightsUnder(part, path).map((at) => ({ ...at, transposed: over, blocks })));
    } else if (isLayer(part)) {
      for (const [name, x] of Object.entries(part.parameters)) {
        visit(x, below(name), part.transposed?.includes(name), part.blocks?.[name]);
      }
      for (const [name, x] of Object.entries(part.children)) visit(x, below(name));
    } else if (typeof part === "object" && part !== null) {
      for (const [name, x] of Object.entries(part as Record<string, Model>)) visit(x, below(name));
    } else {
      throw new PondusError(
        "model.type",
        `model${path ? ` at ${path}` : ""}: expected a layer, a tensor, or a list or record of them, but ` +
          `${part === null || part === undefined ? String(part) : `a ${typeof part}`} came; a plain function becomes a layer by nn.layer(kind, f).`,
      );
    }
  };
  visit(model, "");
  return found;
}

/** A model's weights, each under the first of its names. */
function firstOccurrences(model: Model): Occurrence[] {
  const seen = new Set<Parameter>();
  return occurrences(model).filter(({ weight }) => !seen.has(weight) && seen.add(weight));
}

/**
 * Every weight of a model by its dotted name ("0.weight", "2.bias"), in the order in which the model lists them, each
 * once. A constrained one reads and takes all its entries, which follow from fewer numbers: those are what
 * `parametersOf` lists.
 *
 * @throws `model.type` for what is neither a layer, a tensor, a list nor a record
 */
export function weightsOf(model: Model): Record<string, Parameter> {
  return Object.fromEntries(firstOccurrences(model).map(({ name, weight }) => [name, weight]));
}

/**
 * Every parameter of a model by its dotted name ("0.weight", "2.bias"), in the order in which the model lists them.
 * A tied parameter is listed once, under the first of its names. Where a layer sees a value that is computed from
 * parameters, those parameters are listed: of a constrained weight its knobs, under the weight's name, and what is
 * frozen of it, as "0.weight.frozen".
 *
 * @throws `model.type` for what is neither a layer, a tensor, a list nor a record
 */
export function parametersOf(model: Model): Record<string, Parameter> {
  const found = firstOccurrences(model).flatMap(holders);
  return Object.fromEntries(found.map(({ name, parameter }) => [name, parameter]));
}

/** Gives every parameter its dotted name as its own, so that messages and saved files speak of "0.weight". */
export function nameParameters(model: Model): Record<string, Parameter> {
  for (const [name, weight] of Object.entries(weightsOf(model))) weight.name = name;
  const found = parametersOf(model);
  for (const [name, parameter] of Object.entries(found)) parameter.name = name;
  return found;
}

/**
 * Draws every weight afresh: the i-th one, in the order of `weightsOf`, from stream (seed, i). The same model and seed
 * give the same numbers everywhere. Of a constrained weight, the first entry of each tied group counts, what is outside
 * its bounds is brought inside, and frozen entries stay (but those that were frozen before a value was drawn or written for the
 * weight are drawn too).
 */
export function initialize(model: Model, seed: number): void {
  Object.values(weightsOf(model)).forEach((weight, i) => {
    weight.draw(seed, i);
  });
}
