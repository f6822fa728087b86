import { PondusError } from "../graph/errors.ts";
import type { Parameter } from "../graph/parameter.ts";
import { topological } from "../graph/walk.ts";
import { Tensor } from "../tensor/tensor.ts";
import { isLayer, type Layer } from "./layer.ts";

/** Whatever holds knobs: a layer, a tensor made of parameters, or a list or record of such. */
export type Model = Layer | Tensor | readonly Model[] | { readonly [name: string]: Model };

/**
 * Every parameter of a model by its dotted name ("0.weight", "2.bias"), in the order in which the model lists them.
 * A tied parameter is listed once, under the first of its names. Where a layer sees a value that is computed from
 * parameters, those parameters are listed.
 *
 * @throws `model.type` for what is neither a layer, a tensor, a list nor a record
 */
export function parametersOf(model: Model): Record<string, Parameter> {
  const found: Record<string, Parameter> = {};
  const seen = new Set<Parameter>();
  const add = (name: string, parameter: Parameter) => {
    if (seen.has(parameter)) return;
    seen.add(parameter);
    found[name] = parameter;
  };
  const visit = (part: Model, path: string) => {
    const below = (name: string) => (path ? `${path}.${name}` : name);
    if (part instanceof Tensor) {
      const leaves = topological([part.node]).flatMap((node) => (node.is("parameter") ? [node.attrs.parameter] : []));
      for (const p of leaves) add(path && leaves.length === 1 ? path : below(p.name), p);
    } else if (isLayer(part)) {
      for (const [name, x] of Object.entries(part.parameters)) visit(x, below(name));
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

/** Gives every parameter its dotted name as its own, so that messages and saved files speak of "0.weight". */
export function nameParameters(model: Model): Record<string, Parameter> {
  const found = parametersOf(model);
  for (const [name, parameter] of Object.entries(found)) parameter.name = name;
  return found;
}

/**
 * Draws every parameter afresh: the i-th one, in the order of `parametersOf`, from stream (seed, i). The same model and
 * seed give the same numbers everywhere.
 */
export function initialize(model: Model, seed: number): void {
  Object.values(parametersOf(model)).forEach((parameter, i) => {
    parameter.draw(seed, i);
  });
}
