import { allocate, type DType, type TypedArray } from "../graph/dtype.ts";
import { fill } from "../graph/element.ts";
import { PondusError } from "../graph/errors.ts";
import { areBools, flatNumbers, type Nested, nestedShape } from "../graph/nested.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape, requireShape, type Shape } from "../graph/shape.ts";
import { einsumNode } from "./einsum.ts";
import { concatNodes } from "./movement/concat.ts";
import { ownConstant, ownIota, requireWhole } from "./operands.ts";
import { fromArray, type Operand, Tensor } from "./tensor.ts";

export type { Nested } from "../graph/nested.ts";
export { where } from "./tensor.ts";

/**
 * A tensor of known numbers: float32 by default, of the type of a typed array, or bool where all of them are bools.
 *
 * @param values  nested lists, or a flat list or typed array (then `shape` says how to read it)
 * @throws `shape.ragged` when lists at one depth differ in length, `values.shape` when they are nested otherwise than `shape`
 *         says, `values.size` when the count does not fit, `values.type` when something is no number, `dtype.fraction` and `dtype.range` when an int32 is not whole or too large; of bools, every number but 0 is 1
 */
export function tensor(values: Nested | TypedArray, options: { shape?: Shape; dtype?: DType } = {}): Tensor {
  const typed = ArrayBuffer.isView(values);
  const shape = options.shape ?? (typed ? [values.length] : nestedShape("tensor", values));
  const dtype = options.dtype ?? (typed ? dtypeOf(values) : areBools(values) ? "bool" : "float32");
  const flat = flatNumbers("tensor", values, shape);
  const data = allocate(dtype, flat.length);
  fill(data, flat, dtype, "tensor");
  if (shape.length === 0 && data.length === 1) return new Tensor(ownConstant(data[0], dtype));
  return fromArray(data, shape, dtype);
}

function dtypeOf(values: TypedArray): DType {
  if (values instanceof Float64Array) return "float64";
  return values instanceof Int32Array ? "int32" : "float32";
}

export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  return filled("full", shape, value, dtype);
}

export function zeros(shape: Shape, dtype: DType = "float32"): Tensor {
  return filled("zeros", shape, 0, dtype);
}

export function ones(shape: Shape, dtype: DType = "float32"): Tensor {
  return filled("ones", shape, 1, dtype);
}

function filled(what: string, shape: Shape, value: number, dtype: DType): Tensor {
  requireShape(what, shape);
  return new Tensor(ownConstant(value, dtype)).expand(shape);
}

/** 0, 1, ..., length - 1. */
export function arange(length: number, dtype: DType = "int32"): Tensor {
  return new Tensor(ownIota(length, dtype)).cast(dtype);
}

/** `length` evenly spaced numbers from `start` to `stop`, both included. */
export function linspace(start: number, stop: number, length: number, dtype: DType = "float32"): Tensor {
  requireShape("linspace", [length]);
  const values = Array.from({ length }, (_, i) => start + ((stop - start) * i) / Math.max(length - 1, 1));
  return tensor(values, { dtype });
}

/** The identity matrix. */
export function eye(n: number, dtype: DType = "float32"): Tensor {
  requireShape("eye", [n, n]);
  const row = new Tensor(ownIota(n, dtype));
  return row
    .reshape([n, 1])
    .eq(row.reshape([1, n]))
    .cast(dtype);
}

/**
 * Einstein summation: `einsum("bij,bjk->bik", x, y)`. A letter that an operand repeats takes the diagonal; letters
 * missing from the result are summed over. `...` stands for all axes without a letter, counted from the right: they broadcast
 * from operand to operand, as sizes of 1 do wherever a letter has another size elsewhere. Without `->` the result has the axes of
 * `...` and then, in the order of the alphabet, all letters that occur once. Several operands are contracted in pairs from the left.
 *
 * @throws `einsum.spec` when letters and shapes do not fit
 */
export function einsum(spec: string, ...operands: Tensor[]): Tensor {
  return new Tensor(
    einsumNode(
      spec,
      operands.map((x) => x.node),
    ),
  );
}

/** Tensors joined along an existing axis; the other sizes must agree. */
export function concat(parts: readonly Tensor[], axis = 0): Tensor {
  return new Tensor(
    concatNodes(
      parts.map((x) => x.node),
      axis,
    ),
  );
}

/**
 * Tensors of one shape stacked along a new axis.
 *
 * @throws `shape.concat` where shapes or types differ
 */
export function stack(parts: readonly Tensor[], axis = 0): Tensor {
  const [first] = parts;
  const odd = parts.find((x) => x.dtype !== first.dtype || formatShape(x.shape) !== formatShape(first.shape));
  if (odd) {
    const describe = (x: Tensor) => `${x.dtype} ${formatShape(x.shape)}${describeOrigin(x.node.origin)}`;
    throw new PondusError(
      "shape.concat",
      `stack: ${describe(odd)} does not fit beside ${describe(first)}; types and shapes must be equal.`,
    );
  }
  return concat(
    parts.map((x) => x.unsqueeze(axis)),
    axis,
  );
}

/** Grids of coordinates from vectors, as `numpy.meshgrid`: with `xy` the first two axes change places, with `ij` none does. */
export function meshgrid(vectors: readonly Tensor[], options: { indexing?: "xy" | "ij" } = {}): Tensor[] {
  const { indexing = "xy" } = options;
  const swapped = indexing === "xy" && vectors.length > 1;
  const shape = vectors.map((x) => x.size);
  const grids = vectors.map((x, i) => x.reshape(shape.map((n, k) => (k === i ? n : 1))).expand(shape));
  return swapped ? grids.map((x) => x.transpose(0, 1)) : grids;
}

/** For each position (int32) a row of `depth` numbers, 1 at that position and 0 elsewhere; all 0 where it is out of range. */
export function oneHot(index: Tensor, depth: number, dtype: DType = "float32"): Tensor {
  requireWhole("oneHot: the depth", depth, 0);
  return index.unsqueeze(-1).eq(arange(depth)).cast(dtype);
}

/** Products of each element of one vector with each of another: [n, m]. Tensors are flattened, as by `numpy.outer`. */
export function outer(x: Tensor, y: Tensor): Tensor {
  return x.reshape([x.size, 1]).mul(y.reshape([1, y.size]));
}

/** Kronecker product, as `numpy.kron`: y scaled by each element of x, side by side. */
export function kron(x: Tensor, y: Tensor): Tensor {
  const rank = Math.max(x.rank, y.rank);
  const sizes = (z: Tensor) => [...new Array<number>(rank - z.rank).fill(1), ...z.shape];
  const [a, b] = [sizes(x), sizes(y)];
  const product = x.reshape(a.flatMap((n) => [n, 1])).mul(y.reshape(b.flatMap((n) => [1, n])));
  return product.reshape(a.map((n, i) => n * b[i]));
}

/** Sum of squares of all elements of all tensors. */
export function sumOfSquares(parts: readonly Tensor[]): Tensor {
  const [first, ...rest] = parts.map((x) => x.square().sum());
  return rest.reduce((sum, x) => sum.add(x), first);
}

type Axes = number | readonly number[];
export const add = (x: Tensor, y: Operand) => x.add(y);
export const sub = (x: Tensor, y: Operand) => x.sub(y);
export const mul = (x: Tensor, y: Operand) => x.mul(y);
export const div = (x: Tensor, y: Operand) => x.div(y);
export const pow = (x: Tensor, y: Operand) => x.pow(y);
export const maximum = (x: Tensor, y: Operand) => x.maximum(y);
export const minimum = (x: Tensor, y: Operand) => x.minimum(y);
export const abs = (x: Tensor) => x.abs();
export const sqrt = (x: Tensor) => x.sqrt();
export const square = (x: Tensor) => x.square();
export const exp = (x: Tensor) => x.exp();
export const expm1 = (x: Tensor) => x.expm1();
export const log = (x: Tensor) => x.log();
export const log1p = (x: Tensor) => x.log1p();
export const sin = (x: Tensor) => x.sin();
export const cos = (x: Tensor) => x.cos();
export const tanh = (x: Tensor) => x.tanh();
export const sigmoid = (x: Tensor) => x.sigmoid();
export const softplus = (x: Tensor) => x.softplus();
export const erf = (x: Tensor) => x.erf();
export const erfc = (x: Tensor) => x.erfc();
export const normalCdf = (x: Tensor) => x.normalCdf();
export const sum = (x: Tensor, axes?: Axes) => x.sum(axes);
export const mean = (x: Tensor, axes?: Axes) => x.mean(axes);
export const max = (x: Tensor, axes?: Axes) => x.max(axes);
export const min = (x: Tensor, axes?: Axes) => x.min(axes);
export const matmul = (x: Tensor, y: Tensor) => x.matmul(y);
export const dot = (x: Tensor, y: Tensor) => x.matmul(y);
export const prod = (x: Tensor, axes?: Axes) => x.prod(axes);
export const any = (x: Tensor, axes?: Axes) => x.any(axes);
export const all = (x: Tensor, axes?: Axes) => x.all(axes);
export const cumsum = (x: Tensor, axis?: number) => x.cumsum(axis);
export const cumprod = (x: Tensor, axis?: number) => x.cumprod(axis);
export const cummax = (x: Tensor, axis?: number) => x.cummax(axis);
export const cummin = (x: Tensor, axis?: number) => x.cummin(axis);
export const sort = (x: Tensor, axis?: number, options?: { descending?: boolean }) => x.sort(axis, options);
export const argsort = (x: Tensor, axis?: number, options?: { descending?: boolean }) => x.argsort(axis, options);
