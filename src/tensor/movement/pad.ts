import { PondusError } from "../../graph/errors.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { formatShape } from "../../graph/shape.ts";
import { arange, concat } from "../functions.ts";
import { type Tensor, where } from "../tensor.ts";

/**
 * What is added beside a tensor: a constant; the entries next to the edge, mirrored in the outermost one, which is not repeated; the
 * outermost entry; or what stands at the other end.
 */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

const modes: readonly string[] = ["constant", "reflect", "replicate", "circular"] satisfies PadMode[];

/**
 * Entries added before and after along each axis.
 *
 * @param widths         [before, after] for each of the last axes: one pair for the last one, two for the last two, ...
 * @param options.mode   what is added (default "constant")
 * @param options.value  the constant (default 0)
 * @throws `shape.pad` unless widths are whole numbers from 0 that the mode has entries for
 */
export function pad(
  x: Tensor,
  widths: readonly (readonly [number, number])[],
  options: { mode?: PadMode; value?: number } = {},
): Tensor {
  const { mode = "constant", value = 0 } = options;
  if (!modes.includes(mode)) {
    throw new PondusError("shape.pad", `pad: mode is one of ${modes.join(", ")}, but ${JSON.stringify(mode)} came.`);
  }
  if (widths.length > x.rank) {
    throw new PondusError(
      "shape.pad",
      `pad: ${widths.length} pairs came for the ${x.rank} axes of ${formatShape(x.shape)}${describeOrigin(x.node.origin)}.`,
    );
  }
  return widths.reduce(
    (y, [before, after], i) => padAxis(y, x.rank - widths.length + i, before, after, mode, value),
    x,
  );
}

/** The same along one axis. */
export function padAxis(x: Tensor, axis: number, before: number, after: number, mode: PadMode, value = 0): Tensor {
  const n = x.shape[axis];
  const any = Number.POSITIVE_INFINITY;
  const most = { constant: any, reflect: n - 1, replicate: n > 0 ? any : 0, circular: n };
  const fits = (width: number) => Number.isInteger(width) && width >= 0 && width <= most[mode];
  if (!fits(before) || !fits(after)) {
    const limit = Number.isFinite(most[mode]) ? `from 0 to ${Math.max(most[mode], 0)}` : "from 0";
    throw new PondusError(
      "shape.pad",
      `pad: in mode "${mode}" both widths along axis ${axis} of ${formatShape(x.shape)}${describeOrigin(x.node.origin)} must be ` +
        `whole numbers ${limit}, but ${before} and ${after} came.`,
    );
  }
  if (before === 0 && after === 0) return x;
  if (mode === "constant") {
    const zeros = x.padAxis(before, after, axis);
    if (value === 0) return zeros;
    const place = arange(before + n + after).reshape(x.shape.map((_, i) => (i === axis ? before + n + after : 1)));
    return where(place.ge(before).and(place.lt(before + n)), zeros, value);
  }
  const sides = {
    reflect: () => [x.slice(1, 1 + before, axis).flip(axis), x.slice(n - 1 - after, n - 1, axis).flip(axis)],
    replicate: () => [
      x.slice(0, 1, axis).expand(sized(x, axis, before)),
      x.slice(n - 1, n, axis).expand(sized(x, axis, after)),
    ],
    circular: () => [x.slice(n - before, n, axis), x.slice(0, after, axis)],
  };
  const [first, last] = sides[mode]();
  return concat(
    [first, x, last].filter((part) => part.shape[axis] > 0),
    axis,
  );
}

const sized = (x: Tensor, axis: number, size: number) => x.shape.map((m, i) => (i === axis ? size : m));
