import type { Layer } from "../layer.ts";
import { type ConvolutionOptions, patchLayer } from "./patch-layer.ts";
import type { PerAxis } from "./patches.ts";

/**
 * One kernel laid over every patch of a sequence: [..., length, inputs] to [..., patches, outputs]. As in most of the field,
 * a correlation: the kernel is not flipped. Names and shapes are PyTorch's: `weight` [outputs, inputs / groups, size] and
 * `bias` [outputs]. See `ConvolutionOptions`.
 *
 * @param inputs   channels that come in, the last axis
 * @param outputs  channels that go out
 * @param size     length of the kernel
 * @throws `layer.size`, `layer.option`; when called, `layer.input` and `patches.size`
 */
export function conv1d(inputs: number, outputs: number, size: number, options: ConvolutionOptions = {}): Layer {
  return patchLayer(1, undefined, inputs, outputs, size, options);
}

/**
 * The same over images: [..., height, width, inputs] to [..., rows, columns, outputs] (LeCun et al., Neural Computation 1,
 * 541, 1989). `weight` [outputs, inputs / groups, kernel height, kernel width], `bias` [outputs].
 *
 * @param size  of the kernel: [height, width], or one number for both
 */
export function conv2d(inputs: number, outputs: number, size: PerAxis, options: ConvolutionOptions = {}): Layer {
  return patchLayer(2, undefined, inputs, outputs, size, options);
}

/**
 * The same over volumes: [..., depth, height, width, inputs] to [..., places along each axis, outputs]. `weight` [outputs, inputs /
 * groups, kernel depth, height, width], `bias` [outputs].
 *
 * @param size  of the kernel: [depth, height, width], or one number for all three
 */
export function conv3d(inputs: number, outputs: number, size: PerAxis, options: ConvolutionOptions = {}): Layer {
  return patchLayer(3, undefined, inputs, outputs, size, options);
}
