import { labelled } from "../graph/origin.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { asLayer, type Layer, layer } from "./layer.ts";
import { nameParameters, parametersOf } from "./model.ts";

/**
 * Layers one after another. Parameters are named by place: "0.weight", "2.bias". The same layer may stand at several
 * places, which ties them.
 *
 * @param parts  layers, or plain functions, which become layers without knobs
 */
export function sequential(...parts: readonly (Layer | ((x: Tensor) => Tensor))[]): Layer {
  const layers = parts.map(asLayer);
  const call = (x: Tensor) => {
    let y = x;
    // No more calls one inside the other than it takes: an error looks for the user's line among so many.
    for (let i = 0; i < layers.length; i++) y = labelled(String(i), () => layers[i](y));
    return y;
  };
  const made = layer("sequential", call, {
    name: `sequential(${layers.map((part) => part.name).join(", ")})`,
    children: Object.fromEntries(layers.map((part, i) => [i, part])),
    // What has no knobs before the first layer that does is taken to leave shapes as they are.
    takes: layers.find((part) => part.takes || Object.keys(parametersOf(part)).length > 0)?.takes,
  });
  nameParameters(made);
  return made;
}
