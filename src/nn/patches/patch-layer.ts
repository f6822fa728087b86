import type { DType } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { labelled } from "../../graph/origin.ts";
import type { Initializer } from "../../graph/parameter.ts";
import { formatShape, type Shape, sameShape } from "../../graph/shape.ts";
import { einsum } from "../../tensor/functions.ts";
import { parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { zeros } from "../initializers.ts";
import { type Layer, layer } from "../layer.ts";
import { channelInit, groupsOf } from "./channels.ts";
import {
  type Axes,
  countPatches,
  inBatch,
  type PatchOptions,
  type PerAxis,
  patchesOf,
  patchLetters,
  perAxis,
  takePatches,
  written,
} from "./patches.ts";

export interface ConvolutionOptions extends PatchOptions {
  /** Parts into which channels are divided, each seen by its own part of the kernels alone (default 1). */
  readonly groups?: number;
  /** Whether there is a bias (default: yes). */
  readonly bias?: boolean;
  /** First value of the weight (default: uniform within +-sqrt(6 / (in + out)), of the numbers that meet in a kernel). */
  readonly init?: Initializer;
  /** First value of the bias (default: `zeros`). */
  readonly biasInit?: Initializer;
  /** float32 (default) or float64. */
  readonly dtype?: DType;
}

/**
 * Kernels that meet patches: one for all patches, or, where `image` says how large the input is, one for each. Convolution
 * and locally connected layer differ in nothing else.
 */
export function patchLayer(
  axes: Axes,
  image: PerAxis | undefined,
  inputs: number,
  outputs: number,
  size: PerAxis,
  options: ConvolutionOptions,
): Layer {
  const kind = `${image === undefined ? "conv" : "local"}${axes}d`;
  const given = [...(image === undefined ? [] : [image]), inputs, outputs, size];
  const name = `${kind}(${given.map(written).join(", ")})`;
  const groups = groupsOf(name, inputs, outputs, options.groups);
  const patches = patchesOf(name, axes, size, options);
  const spatial = image === undefined ? undefined : perAxis(name, "the size of what comes in", axes, image, 1);
  // The places that have kernels of their own.
  const places = spatial ? countPatches(patches, spatial) : [];
  return labelled(name, () => {
    const { bias = true, init = channelInit(places.length), biasInit = zeros, dtype } = options;
    const shape = [...places, outputs, inputs / groups, ...patches.size];
    const weight = parameter(shape, init, { name: `${name}.weight`, dtype });
    const b = bias ? parameter([...places, outputs], biasInit, { name: `${name}.bias`, dtype }) : undefined;
    const call = (x: Tensor) =>
      labelled(name, () =>
        inBatch(name, axes, inputs, x, (batch) => {
          if (spatial) checkImage(name, spatial, batch);
          const y = correlate(takePatches(batch, patches), weight, axes, groups);
          return b ? y.add(b) : y;
        }),
      );
    const takes = spatial && [...spatial, inputs];
    return layer(kind, call, { name, parameters: { weight, ...(b && { bias: b }) }, takes });
  });
}

function checkImage(name: string, spatial: Shape, x: Tensor): void {
  const came = x.shape.slice(1, -1);
  if (sameShape(came, spatial)) return;
  throw new PondusError(
    "layer.input",
    `${name} has a kernel for each patch of ${formatShape(spatial)}, but ${formatShape(came)} came; make it for that size.`,
  );
}

/**
 * Sums patches times kernels: [batch, i, x, (j, y, ...) channels] and [(i, j, ...) outputs, channels, x, (y, ...)] to [batch, i, (j,)
 * outputs]; a contraction over a view, for which no patch is copied.
 */
function correlate(patches: Tensor, weight: Tensor, axes: Axes, groups: number): Tensor {
  const { place, tap, both } = patchLetters(axes);
  const places = weight.shape.slice(0, -2 - axes);
  const own = places.length > 0 ? place : "";
  if (groups === 1) return einsum(`b${both}c,${own}oc${tap}->b${place}o`, patches, weight);
  const [outputs, channels, ...size] = weight.shape.slice(places.length);
  const parted = patches.reshape([...patches.shape.slice(0, -1), groups, channels]);
  const kernels = weight.reshape([...places, groups, outputs / groups, channels, ...size]);
  const y = einsum(`b${both}gc,${own}goc${tap}->b${place}go`, parted, kernels);
  return y.reshape([...y.shape.slice(0, -2), outputs]);
}
