import type { DType } from "../../graph/dtype.ts";
import { labelled } from "../../graph/origin.ts";
import type { Shape } from "../../graph/shape.ts";
import { parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ones } from "../initializers.ts";
import { type Layer, layer } from "../layer.ts";
import { lastAxes } from "./last-axes.ts";
import { standardized } from "./standardized.ts";

/**
 * Root mean square normalization (Zhang & Sennrich, arXiv:1910.07467): each sample's last axes divided by the root of their
 * mean square, then times a weight, entry by entry. As `layerNorm`, but nothing is moved.
 *
 *     y = x / sqrt(mean(x^2) + epsilon) * weight
 *
 * @param shape            the last axes of what comes in; one size for one axis
 * @param options.epsilon  what is added to the mean square (default: the distance from 1 to the next number of the type)
 * @param options.affine   whether there is a weight (default: yes)
 * @param options.dtype    float32 (default) or float64
 * @throws `layer.size` unless sizes are whole numbers from 1 and epsilon is a number from 0; when called,
 *         `layer.input` for a tensor with other last axes
 */
export function rmsNorm(
  shape: number | Shape,
  options: { epsilon?: number; affine?: boolean; dtype?: DType } = {},
): Layer {
  const { affine = true, dtype } = options;
  const { epsilon = dtype === "float64" ? 2 ** -52 : 2 ** -23 } = options;
  const { name, sizes, axes, check } = lastAxes("rmsNorm", shape, epsilon);
  return labelled(name, () => {
    const weight = affine ? parameter(sizes, ones, { name: `${name}.weight`, dtype }) : undefined;
    const call = (x: Tensor) => {
      check(x);
      return labelled(name, () => {
        const scaled = standardized(x, axes, epsilon, false);
        return weight ? scaled.mul(weight) : scaled;
      });
    };
    return layer("rmsNorm", call, { name, parameters: { ...(weight && { weight }) }, takes: sizes });
  });
}
