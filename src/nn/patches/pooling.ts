import { isFloat, leastOf } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { labelled } from "../../graph/origin.ts";
import type { Shape } from "../../graph/shape.ts";
import { ones } from "../../tensor/functions.ts";
import { padAxis } from "../../tensor/movement/pad.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { type Layer, layer } from "../layer.ts";
import {
  type Axes,
  inBatch,
  type Padding,
  type Patches,
  type PerAxis,
  patchesOf,
  reachOf,
  takePatches,
  written,
} from "./patches.ts";

interface PoolOptions {
  /** Entries between one patch and the next (default: the size, so that patches do not overlap). */
  readonly stride?: PerAxis;
  /** Entries added before and after along each axis: half a patch at most, so that none lies in the padding (default 0). */
  readonly padding?: Padding;
  /** Whether a last patch that begins inside but reaches beyond the end counts too (default: no). */
  readonly ceil?: boolean;
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
 * @throws `layer.option`; when called, `layer.input`, `patches.size`
 */
export function maxPool1d(size: number, options: MaxPoolOptions = {}): Layer {
  return pool("maxPool", 1, size, options, largest);
}

/** The same over images: [..., height, width, channels] to [..., rows, columns, channels]. */
export function maxPool2d(size: PerAxis, options: MaxPoolOptions = {}): Layer {
  return pool("maxPool", 2, size, options, largest);
}

/** The same over volumes: [..., depth, height, width, channels]. */
export function maxPool3d(size: PerAxis, options: MaxPoolOptions = {}): Layer {
  return pool("maxPool", 3, size, options, largest);
}

/**
 * The mean of each patch, channel by channel: [..., length, channels] to [..., patches, channels]. Of whole numbers, a float32.
 *
 * @throws `layer.option`; when called, `layer.input`, `patches.size`
 */
export function averagePool1d(size: number, options: AveragePoolOptions = {}): Layer {
  return pool("averagePool", 1, size, options, mean(options));
}

/** The same over images: [..., height, width, channels] to [..., rows, columns, channels]. */
export function averagePool2d(size: PerAxis, options: AveragePoolOptions = {}): Layer {
  return pool("averagePool", 2, size, options, mean(options));
}

/** The same over volumes: [..., depth, height, width, channels]. */
export function averagePool3d(size: PerAxis, options: AveragePoolOptions = {}): Layer {
  return pool("averagePool", 3, size, options, mean(options));
}

const max = (x: Tensor, axes: readonly number[]) => x.max(axes);
const average = (x: Tensor, axes: readonly number[]) => x.mean(axes);

/** The largest entry of each channel: [..., length, channels] to [..., channels]. */
export const globalMaxPool1d = whole("globalMaxPool", 1, max);
/** The largest entry of each channel: [..., height, width, channels] to [..., channels]. */
export const globalMaxPool2d = whole("globalMaxPool", 2, max);
/** The largest entry of each channel: [..., depth, height, width, channels] to [..., channels]. */
export const globalMaxPool3d = whole("globalMaxPool", 3, max);
/** The mean of each channel: [..., length, channels] to [..., channels]. */
export const globalAveragePool1d = whole("globalAveragePool", 1, average);
/** The mean of each channel: [..., height, width, channels] to [..., channels]. */
export const globalAveragePool2d = whole("globalAveragePool", 2, average);
/** The mean of each channel: [..., depth, height, width, channels] to [..., channels]. */
export const globalAveragePool3d = whole("globalAveragePool", 3, average);

/** What becomes of patches of x. They may reach beyond the padding: over `beyond` more entries at the end of each axis. */
type Summary = (x: Tensor, patches: Patches, beyond: readonly number[]) => Tensor;

function pool(kind: string, axes: Axes, size: PerAxis, options: MaxPoolOptions, summary: Summary): Layer {
  const name = `${kind}${axes}d(${written(size)})`;
  const { stride = size, padding, dilation, ceil = false } = options;
  const patches = patchesOf(name, axes, size, { stride, padding, dilation });
  refuseWide(patches);
  const call = (batch: Tensor) => summary(batch, patches, ceil ? beyondOf(patches, batch.shape.slice(1, -1)) : []);
  return layer(`${kind}${axes}d`, (x) => labelled(name, () => inBatch(name, axes, undefined, x, call)), { name });
}

/** A patch that lies in the padding alone has no largest entry and no mean. */
function refuseWide(patches: Patches): void {
  const half = reachOf(patches).map((reach) => Math.floor(reach / 2));
  if (patches.padding.every((both, i) => both.every((n) => n <= half[i]))) return;
  throw new PondusError(
    "layer.option",
    `${patches.name}: the padding may be half of what a patch reaches over, ${half}, at most, but it is ` +
      `${JSON.stringify(patches.padding)}; pad the input by \`pad\` where that is what you mean.`,
  );
}

/** How far a last patch that begins before the end, and not in the padding behind it, reaches beyond the padding. */
function beyondOf(patches: Patches, spatial: Shape): number[] {
  return spatial.map((n, i) => {
    const { stride, padding } = patches;
    const [reach, length] = [reachOf(patches)[i], n + padding[i][0] + padding[i][1]];
    let count = Math.ceil((length - reach) / stride[i]) + 1;
    if ((count - 1) * stride[i] >= n + padding[i][0]) count--;
    return Math.max(0, (count - 1) * stride[i] + reach - length);
  });
}

/** Patches that reach so far beyond the padding as well. */
const reaching = (patches: Patches, beyond: readonly number[]): Patches => ({
  ...patches,
  padding: patches.padding.map(([before, after], i) => [before, after + (beyond[i] ?? 0)]),
});

/** The axes inside patches, of [batch, i, x, j, y, ..., channels]. */
const innerAxes = ({ size }: Patches) => size.map((_, i) => 2 + 2 * i);

const isPadded = ({ padding }: Patches) => padding.some(([before, after]) => before + after > 0);
/** True inside, false in the padding: [1, ...spatial, 1]. */
const inside = (x: Tensor) => ones([1, ...x.shape.slice(1, -1), 1], "bool");

const largest: Summary = (x, given, beyond) => {
  const patches = reaching(given, beyond);
  const taken = takePatches(x, patches);
  if (!isPadded(patches)) return taken.max(innerAxes(patches));
  return where(takePatches(inside(x), patches), taken, leastOf(x.dtype)).max(innerAxes(patches));
};

function mean({ countPadding = true }: AveragePoolOptions): Summary {
  return (numbers, given, beyond) => {
    const x = isFloat(numbers.dtype) ? numbers : numbers.cast("float32");
    const patches = reaching(given, beyond);
    const taken = takePatches(x, patches);
    const axes = innerAxes(patches);
    const isFull = beyond.every((n) => n === 0) && (countPadding || !isPadded(patches));
    if (isFull) return taken.mean(axes);
    // What counts in a mean is said by ones: of the input, and of its padding, but not of what lies beyond that.
    const counted = countPadding
      ? given.padding.reduce(
          (y, [before, after], i) => padAxis(y, 1 + i, before, after, "constant", 1),
          inside(x).cast(x.dtype),
        )
      : inside(x).cast(x.dtype);
    const rest = countPadding
      ? { ...given, padding: given.padding.map((_, i) => [0, beyond[i] ?? 0] as const) }
      : patches;
    return taken.sum(axes).div(takePatches(counted, rest).sum(axes));
  };
}

function whole(kind: string, axes: Axes, summary: (x: Tensor, axes: readonly number[]) => Tensor): Layer {
  const name = `${kind}${axes}d`;
  const spatial = Array.from({ length: axes }, (_, i) => 1 + i);
  return layer(name, (x) =>
    labelled(name, () => inBatch(name, axes, undefined, x, (batch) => summary(batch, spatial))),
  );
}
