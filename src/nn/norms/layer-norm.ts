import type { DType } from "../../graph/dtype.ts";
import { labelled } from "../../graph/origin.ts";
import type { Shape } from "../../graph/shape.ts";
import { parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ones, zeros } from "../initializers.ts";
import { type Layer, layer } from "../layer.ts";
import { lastAxes } from "./last-axes.ts";
import { standardized } from "./standardized.ts";

/**
 * Layer normalization (Ba, Kiros & Hinton, arXiv:1607.06450): each sample's last axes brought to mean 0 and variance 1,
 * then scaled by a weight and moved by a bias, entry by entry.
 *
 *     y = (x - mean) / sqrt(variance + epsilon) * weight + bias
 *
 * The variance is that of the distances from the mean, so a mean far from 0 takes none of its digits.
 *
 * @param shape            the last axes of what comes in, all of which are normalized together; one size for one axis
 * @param options.epsilon  what is added to the variance (default: 1e-5)
 * @param options.affine   whether there are a weight and a bias (default: yes)
 * @param options.bias     whether there is a bias beside the weight (default: yes)
 * @param options.dtype    float32 (default) or float64
 * @throws `layer.size` unless sizes are whole numbers from 1 and epsilon is a number from 0; when called,
 *         `layer.input` for a tensor with other last axes
 */
export function layerNorm(
  shape: number | Shape,
  options: { epsilon?: number; affine?: boolean; bias?: boolean; dtype?: DType } = {},
): Layer {
  const { epsilon = 1e-5, affine = true, bias: hasBias = true, dtype } = options;
  const { name, sizes, axes, check } = lastAxes("layerNorm", shape, epsilon);
  return labelled(name, () => {
    const weight = affine ? parameter(sizes, ones, { name: `${name}.weight`, dtype }) : undefined;
    const bias = affine && hasBias ? parameter(sizes, zeros, { name: `${name}.bias`, dtype }) : undefined;
    const call = (x: Tensor) => {
      check(x);
      return labelled(name, () => {
        const scaled = standardized(x, axes, epsilon, true);
        const weighted = weight ? scaled.mul(weight) : scaled;
        return bias ? weighted.add(bias) : weighted;
      });
    };
    const parameters = { ...(weight && { weight }), ...(bias && { bias }) };
    return layer("layerNorm", call, { name, parameters, takes: sizes });
  });
}
