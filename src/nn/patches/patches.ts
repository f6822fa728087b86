import { PondusError } from "../../graph/errors.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { formatShape, type Shape } from "../../graph/shape.ts";
import { type PadMode, padAxis } from "../../tensor/movement/pad.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** How many axes patches may have: along a sequence, an image, a volume. */
export type Axes = 1 | 2 | 3;

/** A number for each spatial axis, or one for all of them. */
export type PerAxis = number | readonly number[];

/** Entries before and after along all axes; or for each axis, alike at both ends or [before, after]. */
export type Padding = number | readonly (number | readonly [number, number])[];

/** As it was given: 5 or [3, 5]. */
export const written = (given: PerAxis) => (typeof given === "number" ? String(given) : `[${given}]`);

/**
 * Letters for an einsum over the places of patches and the taps inside them: "ij", "xy", and "ixjy" where each place has
 * its tap beside it, as `takePatches` gives them.
 */
export function patchLetters(axes: Axes) {
  const [place, tap] = ["ijk", "xyz"].map((letters) => letters.slice(0, axes));
  return { place, tap, both: [...place].map((letter, i) => letter + tap[i]).join("") };
}

export interface PatchOptions {
  /** Entries between one patch and the next (default 1). */
  readonly stride?: PerAxis;
  /**
   * Entries added before and after along each axis, [[1, 2], 3] being 1 before and 2 after the first and 3 at both ends of the
   * second; "same": as many as keep the size, at stride 1 (default 0).
   */
  readonly padding?: Padding | "same";
  /** What is added: zeros (default), what stands at the other end, a mirror image, or the outermost entry. */
  readonly paddingMode?: "zeros" | Exclude<PadMode, "constant">;
  /** Entries between one tap of the kernel and the next (default 1). */
  readonly dilation?: PerAxis;
}

/** How a kernel is laid over the spatial axes of [batch, ...spatial, channels]. */
export interface Patches {
  /** What asks, for messages: "conv2d(1, 6, 5)". */
  readonly name: string;
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Before and after, of each axis. */
  readonly padding: readonly (readonly [number, number])[];
  readonly mode: PadMode;
}

const paddingModes = { zeros: "constant", circular: "circular", reflect: "reflect", replicate: "replicate" } as const;

/** @throws `layer.option` when an option is no whole number in its range, or does not fit the others */
export function patchesOf(name: string, axes: Axes, size: PerAxis, options: PatchOptions): Patches {
  const { padding = 0, paddingMode = "zeros" } = options;
  const sizes = perAxis(name, "the size", axes, size, 1);
  const stride = perAxis(name, "the stride", axes, options.stride ?? 1, 1);
  const dilation = perAxis(name, "the dilation", axes, options.dilation ?? 1, 1);
  if (!Object.hasOwn(paddingModes, paddingMode)) {
    throw new PondusError(
      "layer.option",
      `${name}: paddingMode is "zeros", "circular", "reflect" or "replicate", but ${JSON.stringify(paddingMode)} came.`,
    );
  }
  const mode = paddingModes[paddingMode];
  if (padding !== "same") return { name, size: sizes, stride, dilation, mode, padding: bothEnds(name, axes, padding) };
  if (stride.some((n) => n !== 1)) {
    throw new PondusError("layer.option", `${name}: padding "same" keeps the size at stride 1 only; give numbers.`);
  }
  const both = sizes.map((n, i) => (n - 1) * dilation[i]);
  const same = both.map((n) => [Math.floor(n / 2), Math.ceil(n / 2)] as const);
  return { name, size: sizes, stride, dilation, mode, padding: same };
}

/** How far a kernel reaches along each axis. */
export const reachOf = ({ size, dilation }: Patches) => size.map((n, i) => (n - 1) * dilation[i] + 1);

/** Entries before and after, for each axis. */
function bothEnds(name: string, axes: Axes, given: Padding): (readonly [number, number])[] {
  const list = typeof given === "number" ? new Array<number>(axes).fill(given) : given;
  const pairs = list.map((x): readonly [number, number] => (typeof x === "number" ? [x, x] : x));
  const isWhole = (x: number) => Number.isInteger(x) && x >= 0;
  if (list.length === axes && pairs.every((pair) => pair.length === 2 && pair.every(isWhole))) return pairs;
  throw new PondusError(
    "layer.option",
    `${name}: the padding should be a whole number from 0, or one or [before, after] for each of ${axes} axes, but ` +
      `${JSON.stringify(given)} came.`,
  );
}

/** One whole number for each axis. */
export function perAxis(name: string, what: string, axes: number, given: PerAxis, least: number): number[] {
  const list = typeof given === "number" ? new Array<number>(axes).fill(given) : [...given];
  if (list.length === axes && list.every((n) => Number.isInteger(n) && n >= least)) return list;
  const wanted = axes === 1 ? "a whole number" : `a whole number or a list of ${axes}`;
  throw new PondusError("layer.option", `${name}: ${what} should be ${wanted} from ${least}, but ${given} came.`);
}

/**
 * How many patches there are along each axis.
 *
 * @throws `patches.size` when the kernel does not fit
 */
export function countPatches(patches: Patches, spatial: Shape, where = ""): number[] {
  const { name, stride, padding } = patches;
  return spatial.map((n, i) => {
    const reach = reachOf(patches)[i];
    const length = n + padding[i][0] + padding[i][1];
    if (length >= reach) return Math.floor((length - reach) / stride[i]) + 1;
    throw new PondusError(
      "patches.size",
      `${name}: a kernel that reaches over ${reach} does not fit into ${formatShape(spatial)}${where}, which is ` +
        `${length} long with its padding; take a smaller kernel or more padding.`,
    );
  });
}

/** [batch, ...spatial, channels] with each spatial axis as two: which patch, and where in it. A view of the padded input. */
export function takePatches(x: Tensor, patches: Patches): Tensor {
  const { size, stride, dilation } = patches;
  let y = padded(x, patches);
  countPatches(patches, x.shape.slice(1, 1 + size.length), describeOrigin(x.node.origin));
  // From the last axis on, so that the places of those before it stay.
  for (let i = size.length - 1; i >= 0; i--) y = y.window(size[i], 1 + i, { stride: stride[i], dilation: dilation[i] });
  return y;
}

function padded(x: Tensor, { padding, mode }: Patches): Tensor {
  return padding.reduce((y, [before, after], i) => padAxis(y, 1 + i, before, after, mode), x);
}

/**
 * Runs f on x as [batch, ...spatial, channels], whatever leading axes x has, and gives the result those axes back.
 *
 * @throws `layer.input` unless x has the spatial axes and so many channels
 */
export function inBatch(
  name: string,
  axes: Axes,
  channels: number | undefined,
  x: Tensor,
  f: (x: Tensor) => Tensor,
): Tensor {
  const lead = x.shape.slice(0, x.rank - axes - 1);
  const last = x.shape[x.rank - 1];
  if (x.rank <= axes || (channels !== undefined && last !== channels)) {
    const spatial = { 1: "length", 2: "height, width", 3: "depth, height, width" }[axes];
    throw new PondusError(
      "layer.input",
      `${name} takes [..., ${spatial}, ${channels ?? "channels"}], but ${formatShape(x.shape)} came` +
        `${describeOrigin(x.node.origin)}; channels stand last.`,
    );
  }
  const batched = x.reshape([lead.reduce((n, m) => n * m, 1), ...x.shape.slice(lead.length)]);
  const y = f(batched);
  return y.reshape([...lead, ...y.shape.slice(1)]);
}
