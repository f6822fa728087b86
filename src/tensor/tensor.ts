import { type DType, isFloat, type TypedArray } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { make, type Node } from "../graph/node.ts";
import type { OpName } from "../graph/ops.ts";
import { describeOrigin } from "../graph/origin.ts";
import { broadcast, formatShape, normalAxis, type Shape, sameShape, sizeOf, type TensorType } from "../graph/shape.ts";
import { matmul } from "./matmul.ts";
import { axesOf, axisOf, constant, elementwise, inferShape, reshapeNode, spread } from "./operands.ts";
import { overlapAdd } from "./overlap.ts";

/** What stands where a tensor is expected: a tensor, or a number that takes the other operand's type. */
export type Operand = Tensor | number;

/**
 * An array that is described, not yet computed: a node of the graph with the operations that a person writes.
 * Nothing runs until a compiled program does. Operands broadcast; element types never mix silently.
 */
export class Tensor implements TensorType {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  get node(): Node {
    return this.#node;
  }

  get shape(): Shape {
    return this.node.shape;
  }

  get dtype(): DType {
    return this.node.dtype;
  }

  get rank(): number {
    return this.node.shape.length;
  }

  get size(): number {
    return sizeOf(this.node.shape);
  }

  // Arithmetic

  add(y: Operand): Tensor {
    return this.#binary("add", y);
  }
  sub(y: Operand): Tensor {
    return this.#binary("sub", y);
  }
  mul(y: Operand): Tensor {
    return this.#binary("mul", y);
  }
  /** Floating-point division. */
  div(y: Operand): Tensor {
    return this.#binary("div", y);
  }
  /** Power. A whole-number exponent from -8 to 8 becomes products; else NaN where the base is negative and `y` is not whole. */
  pow(y: Operand): Tensor {
    if (typeof y === "number" && Number.isInteger(y) && Math.abs(y) <= 8 && isFloat(this.dtype)) {
      const p = wholePower(this, Math.abs(y));
      return y < 0 ? new Tensor(constant(1, this.dtype)).div(p) : p;
    }
    return this.#binary("pow", y);
  }
  /** Remainder with the sign of the divisor: x - floor(x / y) y. */
  mod(y: Operand): Tensor {
    return this.#binary("mod", y);
  }
  /** The larger of two, element by element; NaN when either is. */
  maximum(y: Operand): Tensor {
    return this.#binary("max", y);
  }
  /** The smaller of two, element by element; NaN when either is. */
  minimum(y: Operand): Tensor {
    return this.#binary("min", y);
  }
  clip(low: Operand, high: Operand): Tensor {
    return this.maximum(low).minimum(high);
  }

  neg(): Tensor {
    return this.#unary("neg");
  }
  abs(): Tensor {
    return this.#unary("abs");
  }
  /** -1, 0 or 1. */
  sign(): Tensor {
    return this.#unary("sign");
  }
  floor(): Tensor {
    return this.#unary("floor");
  }
  sqrt(): Tensor {
    return this.#unary("sqrt");
  }
  square(): Tensor {
    return this.mul(this);
  }
  exp(): Tensor {
    return this.#unary("exp");
  }
  /** exp(x) - 1, exact near 0. */
  expm1(): Tensor {
    return this.#unary("expm1");
  }
  log(): Tensor {
    return this.#unary("log");
  }
  /** log(1 + x), exact near 0. */
  log1p(): Tensor {
    return this.#unary("log1p");
  }
  sin(): Tensor {
    return this.#unary("sin");
  }
  cos(): Tensor {
    return this.#unary("cos");
  }
  tanh(): Tensor {
    return this.#unary("tanh");
  }
  /** 1 / (1 + exp(-x)). */
  sigmoid(): Tensor {
    return this.#unary("sigmoid");
  }
  /** log(1 + exp(x)), without overflow. */
  softplus(): Tensor {
    return this.#unary("softplus");
  }
  /** The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
  erf(): Tensor {
    return this.#unary("erf");
  }
  /** The same value; gradients stop here. */
  stopGradient(): Tensor {
    return this.#unary("stop");
  }
  cast(dtype: DType): Tensor {
    return dtype === this.dtype ? this : new Tensor(make("cast", [this.node], { to: dtype }));
  }

  // Comparison and logic

  lt(y: Operand): Tensor {
    return this.#binary("lt", y);
  }
  le(y: Operand): Tensor {
    return this.#binary("le", y);
  }
  gt(y: Operand): Tensor {
    return new Tensor(elementwise("lt", [this.#operand(y), this.node]));
  }
  ge(y: Operand): Tensor {
    return new Tensor(elementwise("le", [this.#operand(y), this.node]));
  }
  eq(y: Operand): Tensor {
    return this.#binary("eq", y);
  }
  ne(y: Operand): Tensor {
    return this.#binary("ne", y);
  }
  and(y: Operand): Tensor {
    return this.#binary("and", y);
  }
  or(y: Operand): Tensor {
    return this.#binary("or", y);
  }
  xor(y: Operand): Tensor {
    return this.#binary("xor", y);
  }
  not(): Tensor {
    return this.#unary("not");
  }
  /** Bits of an int32 moved left. */
  shiftLeft(y: Operand): Tensor {
    return this.#binary("shl", y);
  }
  /** Bits of an int32 moved right, zeros coming in. */
  shiftRight(y: Operand): Tensor {
    return this.#binary("shr", y);
  }
  /** `yes` where this condition holds, else `no`. */
  where(yes: Operand, no: Operand): Tensor {
    return where(this, yes, no);
  }

  // Reduction

  /** Sum over `axes` (all by default). */
  sum(axes?: number | readonly number[], options: { keep?: boolean } = {}): Tensor {
    return this.#reduce("sum", axes, options.keep);
  }
  mean(axes?: number | readonly number[], options: { keep?: boolean } = {}): Tensor {
    const count = axesOf("mean", this.node, axes).reduce((n, axis) => n * this.shape[axis], 1);
    return this.sum(axes, options).mul(1 / count);
  }
  max(axes?: number | readonly number[], options: { keep?: boolean } = {}): Tensor {
    return this.#reduce("maximum", axes, options.keep);
  }
  min(axes?: number | readonly number[], options: { keep?: boolean } = {}): Tensor {
    return this.neg().max(axes, options).neg();
  }
  /** Mean squared distance from the mean (the population's variance). */
  variance(axes?: number | readonly number[], options: { keep?: boolean } = {}): Tensor {
    return this.sub(this.mean(axes, { keep: true }))
      .square()
      .mean(axes, options);
  }
  /** Position (int32) of the largest element along `axis`; the first of equals. */
  argmax(axis = -1): Tensor {
    const a = axisOf("argmax", this.node, axis);
    const n = this.shape[a];
    const shape = this.shape.map((_, i) => (i === a ? n : 1));
    const position = new Tensor(reshapeNode(make("iota", [], { length: n }), shape)).expand(this.shape);
    const isMax = this.eq(this.max(a, { keep: true }));
    return where(isMax, position, n - 1).min(a);
  }
  logSumExp(axes?: number | readonly number[], options: { keep?: boolean } = {}): Tensor {
    const top = this.max(axes, { keep: true }).stopGradient();
    const finite = where(top.abs().lt(Number.POSITIVE_INFINITY), top, 0);
    const sum = this.sub(finite).exp().sum(axes, { keep: true }).log().add(finite);
    return options.keep ? sum : sum.sum(axes);
  }
  softmax(axis = -1): Tensor {
    const e = this.sub(this.max(axis, { keep: true }).stopGradient()).exp();
    return e.div(e.sum(axis, { keep: true }));
  }
  logSoftmax(axis = -1): Tensor {
    return this.sub(this.logSumExp(axis, { keep: true }));
  }
  /** Running sum along `axis`. */
  cumsum(axis = -1): Tensor {
    const a = axisOf("cumsum", this.node, axis);
    const n = this.shape[a];
    const row = new Tensor(make("iota", [], { length: n }));
    // [..., from, to, ...]: an entry counts in every sum from its own place on, and nowhere else (a NaN neither).
    const after = this.shape.slice(a + 1).map(() => 1);
    const counts = row.reshape([n, 1, ...after]).le(row.reshape([1, n, ...after]));
    return where(counts, this.unsqueeze(a + 1), 0).sum(a);
  }

  // Movement: a view, never a copy

  /** The same elements in another shape; one size may be -1. */
  reshape(shape: Shape): Tensor {
    return new Tensor(reshapeNode(this.node, inferShape(this.node, shape)));
  }
  flatten(): Tensor {
    return this.reshape([this.size]);
  }
  /** Axes in another order: the result's axis i is this tensor's axis order[i]. */
  permute(order: readonly number[]): Tensor {
    const axes = order.map((axis) => axisOf("permute", this.node, axis));
    if (axes.length !== this.rank || new Set(axes).size !== this.rank) {
      throw new PondusError(
        "shape.permute",
        `permute: [${order}] must name each of the ${this.rank} axes of ${this.#described()} once.`,
      );
    }
    if (axes.every((axis, i) => axis === i)) return this;
    return new Tensor(make("permute", [this.node], { order: axes }));
  }
  /** The last two axes swapped. */
  get T(): Tensor {
    return this.transpose(-1, -2);
  }
  transpose(a: number, b: number): Tensor {
    const order = this.shape.map((_, i) => i);
    const [i, j] = [axisOf("transpose", this.node, a), axisOf("transpose", this.node, b)];
    [order[i], order[j]] = [order[j], order[i]];
    return this.permute(order);
  }
  /** Repeated to `shape`: axes of size 1 spread, missing leading axes are added. */
  expand(shape: Shape): Tensor {
    const common = broadcast(this.shape, shape);
    if (!common || formatShape(common) !== formatShape(shape)) {
      throw new PondusError(
        "shape.expand",
        `expand: ${this.#described()} cannot spread to ${formatShape(shape)}; sizes must be equal or 1, counted from ` +
          "the right.",
      );
    }
    return new Tensor(spread(this.node, shape));
  }
  /** An axis of size 1 inserted before `axis`; -1 appends one. */
  unsqueeze(axis: number): Tensor {
    const a = normalAxis(axis, this.rank + 1);
    if (a === undefined) {
      throw new PondusError("shape.axis", `unsqueeze: ${this.#described()} has no place ${axis} for another axis.`);
    }
    return this.reshape([...this.shape.slice(0, a), 1, ...this.shape.slice(a)]);
  }
  /** `axis`, which has size 1, removed. */
  squeeze(axis: number): Tensor {
    const a = axisOf("squeeze", this.node, axis);
    if (this.shape[a] !== 1) {
      throw new PondusError(
        "shape.squeeze",
        `squeeze: axis ${axis} of ${this.#described()} has size ${this.shape[a]}, not 1; use at or a reduction.`,
      );
    }
    return this.reshape(this.shape.filter((_, i) => i !== a));
  }
  /** Elements from `start` up to `stop` (excluded) along `axis`; negative positions count from the end. */
  slice(axis: number, start: number, stop?: number): Tensor {
    const a = axisOf("slice", this.node, axis);
    const n = this.shape[a];
    const [from, to] = [start, stop ?? n].map((i) => (i < 0 ? i + n : i));
    if (!(from >= 0 && to >= from && to <= n && Number.isInteger(from) && Number.isInteger(to))) {
      throw new PondusError(
        "shape.slice",
        `slice: ${start} to ${stop ?? "the end"} is no range of axis ${axis} of ${this.#described()}, which has ${n} entries.`,
      );
    }
    if (from === 0 && to === n) return this;
    return new Tensor(
      make("slice", [this.node], {
        start: this.shape.map((_, i) => (i === a ? from : 0)),
        stop: this.shape.map((m, i) => (i === a ? to : m)),
      }),
    );
  }
  /** The entry at one position along `axis`, which disappears. A tensor index (int32 scalar) is looked up when it runs. */
  at(index: number | Tensor, axis = 0): Tensor {
    if (typeof index !== "number") return this.gather(index, axis);
    const a = axisOf("at", this.node, axis);
    const n = this.shape[a];
    const i = index < 0 ? index + n : index;
    if (!(Number.isInteger(i) && i >= 0 && i < n)) {
      throw new PondusError("shape.at", `at: axis ${axis} of ${this.#described()} has no entry ${index}.`);
    }
    return this.slice(a, i, i + 1).squeeze(a);
  }
  /** Zeros added before and after along `axis`. */
  pad(axis: number, before: number, after: number): Tensor {
    const a = axisOf("pad", this.node, axis);
    if (![before, after].every((n) => Number.isInteger(n) && n >= 0)) {
      throw new PondusError(
        "shape.pad",
        `pad: ${before} and ${after} must be whole numbers from 0; use slice to take off.`,
      );
    }
    if (before === 0 && after === 0) return this;
    const only = (n: number) => this.shape.map((_, i) => (i === a ? n : 0));
    return new Tensor(make("pad", [this.node], { before: only(before), after: only(after) }));
  }
  /** Order reversed along `axes`. */
  flip(axes?: number | readonly number[]): Tensor {
    return new Tensor(make("flip", [this.node], { axes: axesOf("flip", this.node, axes) }));
  }
  /**
   * One axis of length n as two, [count, size]: entry k of window i is the one at i stride + k dilation. Windows overlap
   * where the stride is smaller than the size, and count = floor((n - (size - 1) dilation - 1) / stride) + 1.
   */
  window(axis: number, size: number, options: { stride?: number; dilation?: number } = {}): Tensor {
    const { stride = 1, dilation = 1 } = options;
    const a = axisOf("window", this.node, axis);
    const reach = (size - 1) * dilation + 1;
    if (![size, stride, dilation].every((n) => Number.isInteger(n) && n > 0) || reach > this.shape[a]) {
      throw new PondusError(
        "shape.window",
        `window: size ${size}, stride ${stride} and dilation ${dilation} must be whole numbers from 1, and a window ` +
          `reaches over ${reach} entries; axis ${axis} of ${this.#described()} has ${this.shape[a]}.`,
      );
    }
    return new Tensor(make("window", [this.node], { axis: a, size, stride, dilation }));
  }
  /**
   * The reverse of `window`: `axis`, which counts windows, and the one after it, which runs inside them, become one. Windows
   * are laid `stride` apart, their entries `dilation` apart, and what meets is added.
   */
  overlapAdd(axis: number, options: { stride?: number; dilation?: number } = {}): Tensor {
    const { stride = 1, dilation = 1 } = options;
    const a = axisOf("overlapAdd", this.node, axis);
    if (a + 1 === this.rank || ![stride, dilation].every((n) => Number.isInteger(n) && n > 0)) {
      throw new PondusError(
        "shape.window",
        `overlapAdd: stride ${stride} and dilation ${dilation} must be whole numbers from 1, and after axis ${axis} of ` +
          `${this.#described()} must come the one inside its windows.`,
      );
    }
    return new Tensor(overlapAdd(this.node, a, stride, dilation));
  }

  // Contraction, gather, scatter

  /** Matrix product over the last axis of this and the second-to-last of `y`; leading axes broadcast. Vectors as in NumPy. */
  matmul(y: Tensor): Tensor {
    return new Tensor(matmul(this.node, y.node));
  }
  /** Entries along `axis` at `index` (int32, any shape; clamped to the range): that axis becomes the index's axes. */
  gather(index: Tensor, axis = 0): Tensor {
    const a = axisOf("gather", this.node, axis);
    return new Tensor(make("gather", [this.node, index.node], { axis: a, ...staysBelow(this.shape[a], index.node) }));
  }
  /**
   * The reverse of `gather`: zeros with `size` entries along `axis`, to which these are added at `index` (int32, any
   * shape; clamped to the range). From `axis` on, this tensor has the index's axes.
   */
  scatterAdd(index: Tensor, size: number, axis = 0): Tensor {
    const a = normalAxis(axis, this.rank - index.rank + 1);
    const span = a === undefined ? [] : this.shape.slice(a, a + index.rank);
    if (a === undefined || !sameShape(span, index.shape)) {
      throw new PondusError(
        "shape.scatter",
        `scatterAdd: the index is ${formatShape(index.shape)}${describeOrigin(index.node.origin)}, but from axis ${axis} ` +
          `the values are ${formatShape(span)} (of ${this.#described()}).`,
      );
    }
    return new Tensor(make("scatter", [index.node, this.node], { axis: a, size, ...staysBelow(size, index.node) }));
  }

  toString(): string {
    return `Tensor(${this.dtype} ${formatShape(this.shape)}, ${this.node.op})`;
  }

  /** Shape and place, for an error. */
  #described(): string {
    return formatShape(this.shape) + describeOrigin(this.node.origin);
  }
  #operand(y: Operand): Node {
    return typeof y === "number" ? constant(y, this.dtype) : y.node;
  }
  #unary(op: OpName): Tensor {
    return new Tensor(make(op, [this.node], {} as never));
  }
  #binary(op: OpName, y: Operand): Tensor {
    return new Tensor(elementwise(op, [this.node, this.#operand(y)]));
  }
  #reduce(op: "sum" | "maximum", axes: number | readonly number[] | undefined, keep = false): Tensor {
    const list = axesOf(op === "maximum" ? "max" : op, this.node, axes);
    if (op === "maximum" && list.some((axis) => this.shape[axis] === 0)) {
      throw new PondusError("shape.empty", `max: ${this.#described()} has no elements to choose from.`);
    }
    const out = list.length === 0 ? this.node : make(op, [this.node], { axes: list });
    return new Tensor(
      keep
        ? reshapeNode(
            out,
            this.shape.map((n, i) => (list.includes(i) ? 1 : n)),
          )
        : out,
    );
  }
}

/** Says so of an index whose numbers are known and lie in [0, size). */
function staysBelow(size: number, index: Node): { inRange?: true } {
  return index.is("data") && index.attrs.data.every((i) => i >= 0 && i < size) ? { inRange: true } : {};
}

function wholePower(x: Tensor, exponent: number): Tensor {
  if (exponent === 0) return new Tensor(constant(1, x.dtype)).expand(x.shape);
  if (exponent === 1) return x;
  const half = wholePower(x, exponent >> 1);
  const square = half.mul(half);
  return exponent % 2 === 0 ? square : square.mul(x);
}

/** Element by element: `yes` where `test` holds, else `no`. At least one of the two is a tensor. */
export function where(test: Tensor, yes: Operand, no: Operand): Tensor {
  const like = typeof yes !== "number" ? yes : typeof no !== "number" ? no : undefined;
  if (!like)
    throw new PondusError(
      "where.numbers",
      "where: one of the two choices must be a tensor, to give the type; write e.g. test.where(x, 0).",
    );
  const node = (x: Operand) => (typeof x === "number" ? constant(x, like.dtype) : x.node);
  return new Tensor(elementwise("where", [test.node, node(yes), node(no)]));
}

/** An array of numbers as a tensor with the given shape; the data are shared, not copied. */
export function fromArray(data: TypedArray, shape: Shape, dtype: DType): Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new PondusError("shape.data", `tensor: ${data.length} numbers came for ${formatShape(shape)}.`);
  }
  return new Tensor(make("data", [], { data, shape, dtype }));
}
