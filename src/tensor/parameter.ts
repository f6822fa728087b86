import type { DType } from "../graph/dtype.ts";
import { make } from "../graph/node.ts";
import { type Initializer, Parameter } from "../graph/parameter.ts";
import type { Shape } from "../graph/shape.ts";
import type { Nested } from "./functions.ts";
import { Tensor } from "./tensor.ts";

/**
 * A block of knobs. Using the same tensor twice ties: it is counted once, stored once, and its gradients add.
 *
 * @param init  a number for every entry, or an initializer (see `nn`), or the values themselves
 */
export function parameter(
  shape: Shape,
  init: number | Nested | Initializer = 0,
  options: { name?: string; dtype?: DType; trainable?: boolean } = {},
): Tensor {
  const dtype = options.dtype ?? "float32";
  const settings = { name: options.name ?? "parameter", shape, dtype, trainable: options.trainable };
  if (typeof init === "object") {
    const values = ([init] as unknown[]).flat(Number.POSITIVE_INFINITY) as number[];
    const made = new Parameter({ ...settings, init: () => (i) => values[i] });
    made.write(values);
    return new Tensor(make("parameter", [], { parameter: made }));
  }
  const made = new Parameter({ ...settings, init: typeof init === "function" ? init : () => init });
  return new Tensor(make("parameter", [], { parameter: made }));
}

/** The parameter behind a tensor made by `parameter`, or undefined for any other tensor. */
export function parameterOf(x: Tensor): Parameter | undefined {
  return x.node.is("parameter") ? x.node.attrs.parameter : undefined;
}
