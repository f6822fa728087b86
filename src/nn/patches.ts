import { PondusError } from "../graph/errors.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape, type Shape } from "../graph/shape.ts";
import { concat } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A number for each spatial axis, or one for all of them. */
export type PerAxis = number | readonly number[];

/** As it was given: 5 or [3, 5]. */
export const written = (given: PerAxis) => (typeof given === "number" ? String(given) : `[${given}]`);

/**
 * Letters for an einsum over the places of patches and the taps inside them: "ij", "kl", and "ikjl" where each place has
 * its tap beside it, as `takePatches` gives them.
 */
export function patchLetters(axes: 1 | 2) {
  const [place, tap] = ["ij", "kl"].map((letters) => letters.slice(0, axes));
  return { place, tap, both: [...place].map((letter, i) => letter + tap[i]).join("") };
}

export interface PatchOptions {
  /** Entries between one patch and the next (default 1). */
  readonly stride?: PerAxis;
  /** Entries added before and after along each axis; "same": as many as keep the size, at stride 1 (default 0). */
  readonly padding?: PerAxis | "same";
  /** What is added: zeros (default), or what stands at the other end. */
  readonly paddingMode?: "zeros" | "circular";
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
  readonly circular: boolean;
}

/** @throws `patches.option` when an option is no whole number in its range, or does not fit the others */
export function patchesOf(name: string, axes: number, size: PerAxis, options: PatchOptions): Patches {
  const { padding = 0, paddingMode = "zeros" } = options;
  const sizes = perAxis(name, "the size", axes, size, 1);
  const stride = perAxis(name, "the stride", axes, options.stride ?? 1, 1);
  const dilation = perAxis(name, "the dilation", axes, options.dilation ?? 1, 1);
  if (paddingMode !== "zeros" && paddingMode !== "circular") {
    throw new PondusError(
      "patches.option",
      `${name}: paddingMode is "zeros" or "circular", but "${paddingMode}" came.`,
    );
  }
  const circular = paddingMode === "circular";
  if (padding !== "same") {
    const each = perAxis(name, "the padding", axes, padding, 0);
    return { name, size: sizes, stride, dilation, circular, padding: each.map((n) => [n, n] as const) };
  }
  if (stride.some((n) => n !== 1)) {
    throw new PondusError("patches.option", `${name}: padding "same" keeps the size at stride 1 only; give numbers.`);
  }
  const both = sizes.map((n, i) => (n - 1) * dilation[i]);
  const same = both.map((n) => [Math.floor(n / 2), Math.ceil(n / 2)] as const);
  return { name, size: sizes, stride, dilation, circular, padding: same };
}

/** One whole number for each axis. */
export function perAxis(name: string, what: string, axes: number, given: PerAxis, least: number): number[] {
  const list = typeof given === "number" ? new Array<number>(axes).fill(given) : [...given];
  if (list.length === axes && list.every((n) => Number.isInteger(n) && n >= least)) return list;
  const wanted = axes === 1 ? "a whole number" : `a whole number or a list of ${axes}`;
  throw new PondusError("patches.option", `${name}: ${what} should be ${wanted} from ${least}, but ${given} came.`);
}

/**
 * How many patches there are along each axis.
 *
 * @throws `patches.size` when the kernel does not fit
 */
export function countPatches(patches: Patches, spatial: Shape, where = ""): number[] {
  const { name, size, stride, dilation, padding } = patches;
  return spatial.map((n, i) => {
    const reach = (size[i] - 1) * dilation[i] + 1;
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
  for (let i = size.length - 1; i >= 0; i--) y = y.window(1 + i, size[i], { stride: stride[i], dilation: dilation[i] });
  return y;
}

function padded(x: Tensor, { name, padding, circular }: Patches): Tensor {
  return padding.reduce((y, [before, after], i) => {
    const axis = 1 + i;
    const n = y.shape[axis];
    if (!circular || before + after === 0) return y.pad(axis, before, after);
    if (Math.max(before, after) > n) {
      throw new PondusError("patches.size", `${name}: circular padding of ${before} and ${after} is longer than ${n}.`);
    }
    return concat([y.slice(axis, n - before), y, y.slice(axis, 0, after)], axis);
  }, x);
}

/**
 * Runs f on x as [batch, ...spatial, channels], whatever leading axes x has, and gives the result those axes back.
 *
 * @throws `patches.shape` unless x has the spatial axes and so many channels
 */
export function inBatch(
  name: string,
  axes: number,
  channels: number | undefined,
  x: Tensor,
  f: (x: Tensor) => Tensor,
): Tensor {
  const lead = x.shape.slice(0, x.rank - axes - 1);
  const last = x.shape[x.rank - 1];
  if (x.rank <= axes || (channels !== undefined && last !== channels)) {
    const spatial = axes === 1 ? "length" : "height, width";
    throw new PondusError(
      "patches.shape",
      `${name} takes [..., ${spatial}, ${channels ?? "channels"}], but ${formatShape(x.shape)} came` +
        `${describeOrigin(x.node.origin)}; channels stand last.`,
    );
  }
  const batched = x.reshape([lead.reduce((n, m) => n * m, 1), ...x.shape.slice(lead.length)]);
  const y = f(batched);
  return y.reshape([...lead, ...y.shape.slice(1)]);
}
