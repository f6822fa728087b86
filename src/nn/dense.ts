import type { DType } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { labelled } from "../graph/origin.ts";
import type { Initializer } from "../graph/parameter.ts";
import { parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { glorotUniform, zeros } from "./initializers.ts";
import { type Layer, layer } from "./layer.ts";

/**
 * The dense layer y = x w + b over the last axis: [..., inputs] to [..., outputs].
 *
 * @param inputs            size of the last axis that comes in
 * @param outputs           size of the last axis that goes out
 * @param options.bias      whether there is a b, [outputs] (default: yes)
 * @param options.init      first value of w, [inputs, outputs] (default: `glorotUniform`)
 * @param options.biasInit  first value of b (default: `zeros`)
 * @param options.dtype     float32 (default) or float64
 * @throws `layer.size` unless all sizes are whole numbers from 1; when called, `shape.matmul`, `layer.input` and
 *         `dtype.mixed`
 */
export function dense(
  inputs: number,
  outputs: number,
  options: { bias?: boolean; init?: Initializer; biasInit?: Initializer; dtype?: DType } = {},
): Layer {
  const { bias = true, init = glorotUniform, biasInit = zeros, dtype } = options;
  const name = `dense(${inputs}, ${outputs})`;
  if (![inputs, outputs].every((n) => Number.isInteger(n) && n > 0)) {
    throw new PondusError("layer.size", `${name}: both sizes must be whole numbers from 1.`);
  }
  return labelled(name, () => {
    const weight = parameter([inputs, outputs], init, { name: `${name}.weight`, dtype });
    const described = { name, takes: [inputs], transposed: ["weight"] };
    const product = (x: Tensor) => x.matmul(weight);
    if (!bias) return layer("dense", (x) => labelled(name, () => product(x)), { ...described, parameters: { weight } });
    const b = parameter([outputs], biasInit, { name: `${name}.bias`, dtype });
    const call = (x: Tensor) => product(x).add(b);
    return layer("dense", (x) => labelled(name, () => call(x)), { ...described, parameters: { weight, bias: b } });
  });
}
