import { checkpoint as checkpointed } from "../transforms/index.ts";
import { type Layer, layer } from "./layer.ts";

/**
 * A layer whose inside the backward pass computes again rather than keeping it: less memory for one more forward pass.
 * Its parameters and their names, its values and their gradients are those of the layer itself.
 */
export function checkpoint(inner: Layer): Layer {
  const { parameters, children, takes, transposed, blocks } = inner;
  const name = `checkpoint(${inner.name})`;
  return layer("checkpoint", checkpointed(inner), { name, parameters, children, takes, transposed, blocks });
}
