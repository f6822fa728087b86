import type { Shape } from "../graph/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A function from tensor to tensor that knows its knobs. */
export interface Layer {
  (x: Tensor): Tensor;
  /** What it is: "dense", "tanh", "sequential". */
  readonly kind: string;
  /** How it was written: "dense(1, 32)". */
  readonly name: string;
  /** Its own knobs, by role: `weight`, `bias`. A tensor computed from parameters stands for a constraint. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** The layers that it is made of, by place. */
  readonly children: Readonly<Record<string, Layer>>;
  /** The shape of one sample that it takes, where it takes no other: [100]. */
  readonly takes?: Shape;
  /** Those of its own knobs, matrices, that PyTorch keeps transposed: `weight` of a dense layer. */
  readonly transposed?: readonly string[];
  /** What the blocks of a knob are for, where its shape does not say: "input + forget, cell, output" of a tied LSTM. */
  readonly blocks?: Readonly<Record<string, string>>;
}

/**
 * Makes a layer of a plain function.
 *
 * @param kind                what it is, e.g. "dense"
 * @param call                what it does
 * @param options.name        how it was written (default: `kind`)
 * @param options.parameters  its own knobs
 * @param options.children    the layers that it is made of
 * @param options.takes       the shape of one sample, where it takes no other
 * @param options.blocks      what the blocks of a knob are for, where its shape does not say; files keep it
 * @param options.transposed  names of those knobs that PyTorch keeps with their last two axes swapped
 */
export function layer(
  kind: string,
  call: (x: Tensor) => Tensor,
  options: {
    name?: string;
    parameters?: Readonly<Record<string, Tensor>>;
    children?: Readonly<Record<string, Layer>>;
    takes?: Shape;
    transposed?: readonly string[];
    blocks?: Readonly<Record<string, string>>;
  } = {},
): Layer {
  const { name = kind, parameters = {}, children = {}, takes, transposed, blocks } = options;
  const made = (x: Tensor) => call(x);
  Object.defineProperty(made, "name", { value: name });
  return Object.assign(made, { kind, parameters, children, takes, transposed, blocks }) as Layer;
}

/** A layer as it is; a plain function as a layer without knobs. */
export function asLayer(part: Layer | ((x: Tensor) => Tensor)): Layer {
  return isLayer(part) ? part : layer("function", part, { name: part.name || "function" });
}

export function isLayer(thing: unknown): thing is Layer {
  return typeof thing === "function" && "kind" in thing && "parameters" in thing && "children" in thing;
}
