import type { Layer } from "../layer.ts";
import { type ConvolutionOptions, patchLayer } from "./patch-layer.ts";
import type { PerAxis } from "./patches.ts";

/**
 * Sees patches as `conv1d` does, with a kernel for each of them: nothing is shared. [..., length, inputs] to [..., patches,
 * outputs]; `weight` [patches, outputs, inputs / groups, size], `bias` [patches, outputs].
 *
 * @param length  of the sequences that come in: how many kernels there are depends on it
 * @throws `layer.size`, `layer.option`, `patches.size`; when called, `layer.input`
 */
export function local1d(
  length: number,
  inputs: number,
  outputs: number,
  size: number,
  options: ConvolutionOptions = {},
): Layer {
  return patchLayer(1, length, inputs, outputs, size, options);
}

/**
 * The same over images, as `conv2d` with a kernel for each patch (LeCun, "Generalization and network design strategies", 1989).
 * `weight` [rows, columns, outputs, inputs / groups, kernel height, kernel width], `bias` [rows, columns, outputs].
 *
 * @param image  [height, width] of what comes in, or one number for both
 */
export function local2d(
  image: PerAxis,
  inputs: number,
  outputs: number,
  size: PerAxis,
  options: ConvolutionOptions = {},
): Layer {
  return patchLayer(2, image, inputs, outputs, size, options);
}
