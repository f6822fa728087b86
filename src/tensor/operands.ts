import { type DType, isFloat } from "../graph/dtype.ts";
import { element } from "../graph/element.ts";
import { PondusError } from "../graph/errors.ts";
import { make, newIdentity } from "../graph/make.ts";
import type { Node, OpName } from "../graph/node.ts";
import { describeOrigin } from "../graph/origin.ts";
import { rounded } from "../graph/round.ts";
import { broadcast, formatShape, normalAxis, requireShape, type Shape, sameShape, sizeOf } from "../graph/shape.ts";

/**
 * A number among the elements of a tensor: a leaf of that tensor's type. Equal ones are one, as literals are.
 *
 * @throws `dtype.fraction`, `dtype.range` where the type is int32 and cannot hold it
 */
export function constant(value: number, dtype: DType): Node {
  return make("constant", [], entry(value, dtype));
}

/** A number that a person makes a tensor of: a leaf of its own, so that a derivative with respect to it is of nothing else. */
export function ownConstant(value: number, dtype: DType): Node {
  return make("constant", [], { ...entry(value, dtype), ...own(dtype) });
}

/** 0, 1, ..., length - 1 (int32), for a person to make a tensor of `dtype` of. */
export function ownIota(length: number, dtype: DType): Node {
  return make("iota", [], { length, ...own(dtype) });
}

/** Derivatives are only asked for with respect to floats. */
function own(dtype: DType): { own?: number } {
  return isFloat(dtype) ? { own: newIdentity() } : {};
}

function entry(value: number, dtype: DType): { value: number; dtype: DType } {
  return { value: rounded(element(value, dtype, "the number beside a tensor"), dtype), dtype };
}

/** The number that every element of `node` is, when that is known. */
export function uniform(node: Node): number | undefined {
  let x = node;
  while (x.op === "expand" || x.op === "reshape") x = x.inputs[0];
  return x.is("constant") ? x.attrs.value : undefined;
}

export function reshapeNode(x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : make("reshape", [x], { shape });
}

/** `x` spread to `shape`, which must be compatible: leading axes are added, axes of size 1 repeat. */
export function spread(x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  const padded = [...new Array<number>(shape.length - x.shape.length).fill(1), ...x.shape];
  const y = reshapeNode(x, padded);
  return sameShape(padded, shape) ? y : make("expand", [y], { shape });
}

/** Of every element of a shape its position along `axis`, an int32. */
export function positions(shape: Shape, axis: number): Node {
  const row = make("iota", [], { length: shape[axis] });
  const along = shape.map((n, i) => (i === axis ? n : 1));
  return spread(reshapeNode(row, along), shape);
}

/** Applies an elementwise op after broadcasting its operands to a common shape. */
export function elementwise(op: OpName, operands: readonly Node[]): Node {
  let shape: Shape = operands[0].shape;
  for (const x of operands.slice(1)) {
    const common = broadcast(shape, x.shape);
    if (!common) {
      const [a, b] = [operands[0], x];
      throw new PondusError(
        "shape.broadcast",
        `${op}: ${formatShape(a.shape)}${describeOrigin(a.origin)} and ${formatShape(b.shape)}` +
          `${describeOrigin(b.origin)} do not broadcast; sizes must be equal or 1, counted from the right.`,
      );
    }
    shape = common;
  }
  const spreadOut = operands.map((x) => spread(x, shape));
  return make(op, spreadOut, {} as never);
}

/** Refuses a count, an offset or a size that is no whole number from `least` on. */
export function requireWhole(what: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  const from = Number.isFinite(least) ? ` from ${least}` : "";
  throw new PondusError("shape.size", `${what} must be a whole number${from}, but it is ${value}.`);
}

/** Axes as the user names them (one, several, or all), as sorted non-negative numbers. */
export function axesOf(what: string, x: Node, axes: number | readonly number[] | undefined): number[] {
  if (axes === undefined) return x.shape.map((_, i) => i);
  const list = typeof axes === "number" ? [axes] : axes;
  const normal = list.map((axis) => axisOf(what, x, axis));
  return [...new Set(normal)].sort((a, b) => a - b);
}

export function axisOf(what: string, x: Node, axis: number): number {
  const normal = normalAxis(axis, x.shape.length);
  if (normal === undefined) {
    throw new PondusError(
      "shape.axis",
      `${what}: axis ${axis} is not in ${formatShape(x.shape)}${describeOrigin(x.origin)}, which has ` +
        `${x.shape.length} axes.`,
    );
  }
  return normal;
}

/** Replaces one -1 in a shape by what makes the size right. */
export function inferShape(x: Node, shape: Shape): number[] {
  const given = shape.filter((n) => n !== -1);
  requireShape("reshape", given);
  const rest = sizeOf(given);
  const hole = sizeOf(x.shape) / Math.max(rest, 1);
  if (shape.includes(-1) && (!Number.isInteger(hole) || shape.indexOf(-1) !== shape.lastIndexOf(-1))) {
    throw new PondusError(
      "shape.reshape",
      `reshape: no one size fits -1 in ${formatShape(shape)} for the ${sizeOf(x.shape)} elements of ` +
        `${formatShape(x.shape)}${describeOrigin(x.origin)}.`,
    );
  }
  return shape.map((n) => (n === -1 ? hole : n));
}
