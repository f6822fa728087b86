import { PondusError } from "../../graph/errors.ts";
import { labelled } from "../../graph/origin.ts";
import { einsum } from "../../tensor/functions.ts";
import { parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { zeros } from "../initializers.ts";
import { type Layer, layer } from "../layer.ts";
import { channelInit, groupsOf } from "./channels.ts";
import type { ConvolutionOptions } from "./patch-layer.ts";
import { type Axes, inBatch, type PerAxis, patchLetters, perAxis, written } from "./patches.ts";

export interface TransposedOptions extends Omit<ConvolutionOptions, "padding" | "paddingMode"> {
  /** What is taken off before and after along each axis: the padding of the convolution that this transposes (default 0). */
  readonly padding?: PerAxis;
  /** Entries more at the end of each axis, fewer than the stride or the dilation: a strided convolution maps several sizes to one (default 0). */
  readonly outputPadding?: PerAxis;
}

/**
 * The transpose of `conv1d`: each entry of a sequence lays a kernel times itself into the result, where kernels meet they add.
 * [..., length, inputs] to [..., (length - 1) stride - 2 padding + dilation (size - 1) + outputPadding + 1, outputs].
 * `weight` [inputs, outputs / groups, size] and `bias` [outputs], as PyTorch has them.
 *
 * @throws `layer.size`, `layer.option`; when called, `layer.input`, `patches.size`
 */
export function convTranspose1d(inputs: number, outputs: number, size: number, options: TransposedOptions = {}): Layer {
  return transposed(1, inputs, outputs, size, options);
}

/**
 * The transpose of `conv2d`: [..., height, width, inputs] to a larger image, as above along each axis (Zeiler et al., CVPR 2010).
 * `weight` [inputs, outputs / groups, kernel height, kernel width], `bias` [outputs].
 */
export function convTranspose2d(
  inputs: number,
  outputs: number,
  size: PerAxis,
  options: TransposedOptions = {},
): Layer {
  return transposed(2, inputs, outputs, size, options);
}

/** The same over volumes: [..., depth, height, width, inputs] to a larger one; `weight` [inputs, outputs / groups, ...size]. */
export function convTranspose3d(
  inputs: number,
  outputs: number,
  size: PerAxis,
  options: TransposedOptions = {},
): Layer {
  return transposed(3, inputs, outputs, size, options);
}

function transposed(axes: Axes, inputs: number, outputs: number, size: PerAxis, options: TransposedOptions): Layer {
  const name = `convTranspose${axes}d(${inputs}, ${outputs}, ${written(size)})`;
  const groups = groupsOf(name, inputs, outputs, options.groups);
  const each = (what: string, given: PerAxis | undefined, least: number) =>
    perAxis(name, what, axes, given ?? least, least);
  const taps = each("the size", size, 1);
  const stride = each("the stride", options.stride, 1);
  const dilation = each("the dilation", options.dilation, 1);
  const padding = each("the padding", options.padding, 0);
  const more = each("outputPadding", options.outputPadding, 0);
  if (more.some((n, i) => n >= Math.max(stride[i], dilation[i]))) {
    throw new PondusError(
      "layer.option",
      `${name}: outputPadding must be smaller than the stride or the dilation, but it is ${more} beside ${stride} and ${dilation}.`,
    );
  }
  return labelled(name, () => {
    const { bias = true, init = channelInit(0), biasInit = zeros, dtype } = options;
    const weight = parameter([inputs, outputs / groups, ...taps], init, { name: `${name}.weight`, dtype });
    const b = bias ? parameter([outputs], biasInit, { name: `${name}.bias`, dtype }) : undefined;
    const spread = (x: Tensor) => {
      let y = x;
      for (let i = axes - 1; i >= 0; i--) y = y.overlapAdd(1 + 2 * i, { stride: stride[i], dilation: dilation[i] });
      for (let i = 0; i < axes; i++) y = trimmed(name, y, 1 + i, padding[i], more[i]);
      return b ? y.add(b) : y;
    };
    const call = (x: Tensor) =>
      labelled(name, () => inBatch(name, axes, inputs, x, (batch) => spread(lay(batch, weight, axes, groups))));
    return layer(`convTranspose${axes}d`, call, { name, parameters: { weight, ...(b && { bias: b }) } });
  });
}

/** Each entry times the kernels: [batch, i, (j, ...) inputs] and [inputs, outputs, x, (y, ...)] to [batch, i, x, (j, y, ...) outputs]. */
function lay(x: Tensor, weight: Tensor, axes: Axes, groups: number): Tensor {
  const { place, tap, both } = patchLetters(axes);
  if (groups === 1) return einsum(`b${place}c,co${tap}->b${both}o`, x, weight);
  const [inputs, own, ...size] = weight.shape;
  const parted = x.reshape([...x.shape.slice(0, -1), groups, inputs / groups]);
  const kernels = weight.reshape([groups, inputs / groups, own, ...size]);
  const y = einsum(`b${place}gc,gco${tap}->b${both}go`, parted, kernels);
  return y.reshape([...y.shape.slice(0, -2), groups * own]);
}

/** `padding` entries off both ends, then `more` at the end: what lies there, or zeros where nothing does. */
function trimmed(name: string, x: Tensor, axis: number, padding: number, more: number): Tensor {
  const n = x.shape[axis];
  const length = n - 2 * padding + more;
  if (length < 1) {
    throw new PondusError("patches.size", `${name}: a padding of ${padding} takes all ${n} entries of the result off.`);
  }
  return x.padAxis(0, Math.max(0, more - padding), axis).slice(padding, padding + length, axis);
}
