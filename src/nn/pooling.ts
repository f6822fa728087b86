import { labelled } from "../graph/origin.ts";
import { ones } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";
import { type Layer, layer } from "./layer.ts";
import { inBatch, type Patches, type PerAxis, patchesOf, takePatches, written } from "./patches.ts";

interface PoolOptions {
  /** Entries between one patch and the next (default: the size, so that patches do not overlap). */
  readonly stride?: PerAxis;
  /** Entries added before and after along each axis (default 0). */
  readonly padding?: PerAxis;
}

export interface MaxPoolOptions extends PoolOptions {
  /** Entries between one place of a patch and the next (default 1). */
  readonly dilation?: PerAxis;
}

export interface AveragePoolOptions extends PoolOptions {
  /** Whether the zeros of the padding count in the mean (default: yes). */
  readonly countPadding?: boolean;
}

/**
 * The largest entry of each patch, channel by channel: [..., length, channels] to [..., patches, channels]. Padding never
 * wins. Equal largest entries share the gradient.
 *
 * @throws `patches.option`; when called, `patches.shape`, `patches.size`
 */
export function maxPool1d(size: number, options: MaxPoolOptions = {}): Layer {
  return pool("maxPool", 1, size, options, largest);
}

/** The same over images: [..., height, width, channels] to [..., rows, columns, channels]. */
export function maxPool2d(size: PerAxis, options: MaxPoolOptions = {}): Layer {
  return pool("maxPool", 2, size, options, largest);
}

/**
 * The mean of each patch, channel by channel: [..., length, channels] to [..., patches, channels].
 *
 * @throws `patches.option`; when called, `patches.shape`, `patches.size`
 */
export function averagePool1d(size: number, options: AveragePoolOptions = {}): Layer {
  return pool("averagePool", 1, size, options, options.countPadding === false ? meanInside : mean);
}

/** The same over images: [..., height, width, channels] to [..., rows, columns, channels]. */
export function averagePool2d(size: PerAxis, options: AveragePoolOptions = {}): Layer {
  return pool("averagePool", 2, size, options, options.countPadding === false ? meanInside : mean);
}

/** The largest entry of each channel: [..., length, channels] to [..., channels]. */
export const globalMaxPool1d = whole("globalMaxPool", 1, (x, axes) => x.max(axes));
/** The largest entry of each channel: [..., height, width, channels] to [..., channels]. */
export const globalMaxPool2d = whole("globalMaxPool", 2, (x, axes) => x.max(axes));
/** The mean of each channel: [..., length, channels] to [..., channels]. */
export const globalAveragePool1d = whole("globalAveragePool", 1, (x, axes) => x.mean(axes));
/** The mean of each channel: [..., height, width, channels] to [..., channels]. */
export const globalAveragePool2d = whole("globalAveragePool", 2, (x, axes) => x.mean(axes));

/** What becomes of patches of x, whose inner axes are given. */
type Summary = (x: Tensor, patches: Patches, axes: readonly number[]) => Tensor;

function pool(kind: string, axes: 1 | 2, size: PerAxis, options: MaxPoolOptions, summary: Summary): Layer {
  const name = `${kind}${axes}d(${written(size)})`;
  const { stride = size, padding, dilation } = options;
  const patches = patchesOf(name, axes, size, { stride, padding, dilation });
  const inner = axes === 1 ? [2] : [2, 4];
  return layer(
    `${kind}${axes}d`,
    (x) => labelled(name, () => inBatch(name, axes, undefined, x, (batch) => summary(batch, patches, inner))),
    { name },
  );
}

const isPadded = ({ padding }: Patches) => padding.some(([before, after]) => before + after > 0);
/** True inside, false in the padding: patches of [1, ...spatial, 1]. */
const insideOf = (x: Tensor, patches: Patches) => takePatches(ones([1, ...x.shape.slice(1, -1), 1], "bool"), patches);

const largest: Summary = (x, patches, axes) => {
  const taken = takePatches(x, patches);
  return (isPadded(patches) ? where(insideOf(x, patches), taken, Number.NEGATIVE_INFINITY) : taken).max(axes);
};
const mean: Summary = (x, patches, axes) => takePatches(x, patches).mean(axes);
const meanInside: Summary = (x, patches, axes) => {
  if (!isPadded(patches)) return mean(x, patches, axes);
  return takePatches(x, patches).sum(axes).div(insideOf(x, patches).cast(x.dtype).sum(axes));
};

function whole(kind: string, axes: 1 | 2, summary: (x: Tensor, axes: readonly number[]) => Tensor): Layer {
  const name = `${kind}${axes}d`;
  const spatial = axes === 1 ? [1] : [1, 2];
  return layer(name, (x) =>
    labelled(name, () => inBatch(name, axes, undefined, x, (batch) => summary(batch, spatial))),
  );
}
