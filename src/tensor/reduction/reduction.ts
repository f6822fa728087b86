import { type DType, isFloat } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Elementwise } from "../elementwise.ts";
import { Movement } from "../movement/movement.ts";
import { axesOf, axisOf, positions, reshapeNode } from "../operands.ts";
import { productOver, requireNumbers } from "./recurrence.ts";
import { intoSquareRange } from "./square-range.ts";

/** The largest finite number of a type. */
const largestOf = (dtype: DType) => (dtype === "float64" ? Number.MAX_VALUE : (2 - 2 ** -23) * 2 ** 127);

/** Operations along one or more axes: reductions, and what is written with them. */
export abstract class Reduction<T extends Reduction<T>> extends Movement<T> {
  /** Sum over `axes` (all by default). Of bools, how many hold, as an int32; of int32, modulo 2^32. */
  sum(axes?: number | readonly number[], options: { keepDims?: boolean } = {}): T {
    if (this.dtype === "bool") return this.cast("int32").sum(axes, options);
    return this.#reduce("sum", axes, options.keepDims);
  }
  /** Of whole numbers and bools, a float32. */
  mean(axes?: number | readonly number[], options: { keepDims?: boolean } = {}): T {
    if (!isFloat(this.dtype)) return this.float().mean(axes, options);
    const count = axesOf("mean", this.node, axes).reduce((n, axis) => n * this.shape[axis], 1);
    return this.sum(axes, options).div(count);
  }
  /** Of bools, whether any holds. */
  max(axes?: number | readonly number[], options: { keepDims?: boolean } = {}): T {
    if (this.dtype === "bool") return this.any(axes, options);
    return this.#reduce("max", axes, options.keepDims);
  }
  /** Of bools, whether all hold. */
  min(axes?: number | readonly number[], options: { keepDims?: boolean } = {}): T {
    if (this.dtype === "bool") return this.all(axes, options);
    return backwards(backwards(this.of(this.node)).max(axes, options));
  }
  /** Whether any element holds along `axes` (all by default): of numbers, whether any is not 0. False of none. */
  any(axes?: number | readonly number[], options: { keepDims?: boolean } = {}): T {
    return this.#truth()
      .cast("int32")
      .sum(axesOf("any", this.node, axes), options)
      .ne(0);
  }
  /** Whether all elements hold along `axes` (all by default): of numbers, whether none is 0. True of none. */
  all(axes?: number | readonly number[], options: { keepDims?: boolean } = {}): T {
    return this.#truth()
      .not()
      .cast("int32")
      .sum(axesOf("all", this.node, axes), options)
      .eq(0);
  }
  #truth(): T {
    return this.dtype === "bool" ? this.of(this.node) : this.ne(0);
  }
  /** Product over `axes` (all by default), 1 of none. Its gradient is right where elements are 0. */
  prod(axes?: number | readonly number[], options: { keepDims?: boolean } = {}): T {
    const list = axesOf("prod", this.node, axes);
    requireNumbers("prod", this.node);
    const product = this.of(productOver(this.node, list));
    return options.keepDims ? product : product.reshape(this.shape.filter((_, axis) => !list.includes(axis)));
  }
  /**
   * Mean squared distance from the mean (the population's variance), in the squared unit of the numbers. Right where squares of
   * distances overflow or vanish and the variance itself does not, and where the mean is much larger than the distances (Chan, Golub
   * & LeVeque 1983, eq. 1.7).
   */
  variance(axes?: number | readonly number[], options: { keepDims?: boolean } = {}): T {
    if (!isFloat(this.dtype)) return this.float().variance(axes, options);
    const count = axesOf("variance", this.node, axes).reduce((n, axis) => n * this.shape[axis], 1);
    if (count === 0) return this.mean(axes, options);
    const distance = this.sub(this.mean(axes, { keepDims: true }));
    const largest = distance.abs().max(axes, { keepDims: true }).stopGradient();
    const most = Math.sqrt(largestOf(this.dtype)) * Math.sqrt(count);
    // Where the largest distance alone makes the variance overflow, nothing is gained by a scale, and derivatives stay finite without.
    // A quarter: the derivative by the largest part, 2 scale^2 part / count, is then finite where the variance is.
    const quarter = largest.mul(0.25);
    const scale = largest.lt(most).and(quarter.ne(0)).where(quarter, 1);
    const part = distance.div(scale);
    const squares = part.square().sum(axes, { keepDims: true });
    // What comes of the mean being rounded; its derivatives are zero, as those of the sum of distances are.
    const excess = part.mean(axes, { keepDims: true }).square().mul(count);
    const correction = squares.lt(Number.POSITIVE_INFINITY).where(excess.minimum(squares), 0).stopGradient();
    const variance = squares.sub(correction).mul(scale.div(count)).mul(scale);
    return options.keepDims ? variance : variance.sum(axes);
  }
  /**
   * The norm of the vector of all entries along `axes` (all by default), as NumPy and PyTorch have it (`vector_norm`): the root of the
   * sum of squares, which overflows or vanishes only where the result does; with another `ord` the root of that order of the sum of
   * sizes to that power, with 0 the count of entries that are not 0, with Infinity the largest size, with -Infinity the smallest.
   * Its gradient at 0 is 0, and so are all further ones.
   *
   * @throws `tensor.option` when `ord` is no number; `shape.empty` for an infinite or negative `ord` of no entries
   */
  norm(axes?: number | readonly number[], options: { ord?: number; keepDims?: boolean } = {}): T {
    if (!isFloat(this.dtype)) return this.float().norm(axes, options);
    const { ord = 2, keepDims: keep } = options;
    if (typeof ord !== "number" || Number.isNaN(ord)) {
      throw new PondusError("tensor.option", `norm: ord must be a number, such as 1, 2 or Infinity, but ${ord} came.`);
    }
    if (ord === 0) return this.ne(0).cast(this.dtype).sum(axes, { keepDims: keep });
    if (ord === 1) return this.abs().sum(axes, { keepDims: keep });
    if (ord === Number.POSITIVE_INFINITY) return this.abs().max(axes, { keepDims: keep });
    if (ord === Number.NEGATIVE_INFINITY) return this.abs().min(axes, { keepDims: keep });
    if (ord !== 2) return this.#normOfOrder(ord, axes, keep);
    if (this.size === 0) return this.square().sum(axes, { keepDims: keep });
    const scale = intoSquareRange(this.abs().max(axes, { keepDims: true }));
    const squares = this.mul(scale).square().sum(axes, { keepDims: true });
    // No zero meets the derivative of the root.
    const zero = squares.eq(0);
    const root = zero.where(0, zero.where(1, squares).sqrt().div(scale));
    return keep ? root : root.sum(axes);
  }
  /** Of any order but 0 and infinity. Powers of sizes neither overflow nor vanish: what counts most is brought to 1 first. */
  #normOfOrder(ord: number, axes: number | readonly number[] | undefined, keep: boolean | undefined): T {
    if (this.size === 0 && ord > 0) return this.abs().sum(axes, { keepDims: keep });
    const size = this.abs();
    const leading = (ord > 0 ? size.max(axes, { keepDims: true }) : size.min(axes, { keepDims: true })).stopGradient();
    const scale = leading.gt(0).and(leading.lt(Number.POSITIVE_INFINITY)).where(leading, 1);
    // No zero meets the derivative of a power: of a negative one, a single zero makes the norm 0.
    const isZero = leading.eq(0);
    const left = size.eq(0).or(isZero);
    const power = left.where(0, left.where(1, size.div(scale)).pow(ord));
    const total = power.sum(axes, { keepDims: true });
    const root = isZero.where(
      0,
      isZero
        .where(1, total)
        .pow(1 / ord)
        .mul(scale),
    );
    return keep ? root : root.sum(axes);
  }
  /** Position (int32) of the largest element along `axis`: the first of equals, and the first NaN where there is one. */
  argmax(axis = -1): T {
    const a = axisOf("argmax", this.node, axis);
    if (this.dtype === "bool") return this.cast("int32").argmax(a);
    return this.#firstOf(this.max(a, { keepDims: true }), a);
  }
  /** Position (int32) of the smallest element along `axis`: the first of equals, and the first NaN where there is one. */
  argmin(axis = -1): T {
    const a = axisOf("argmin", this.node, axis);
    if (this.dtype === "bool") return this.cast("int32").argmin(a);
    return this.#firstOf(this.min(a, { keepDims: true }), a);
  }
  /** log(sum(exp(x))) over `axes`, without overflow: what is largest is taken off first. -Infinity of none. */
  logSumExp(axes?: number | readonly number[], options: { keepDims?: boolean } = {}): T {
    if (!isFloat(this.dtype)) return this.float().logSumExp(axes, options);
    if (this.size === 0) return this.sum(axes, options).log();
    const top = this.#largest(axes);
    const sum = this.sub(top).exp().sum(axes, { keepDims: true }).log().add(top);
    return options.keepDims ? sum : sum.sum(axes);
  }
  /** exp(x) / sum(exp(x)) along `axis`. Where all are -Infinity, as in a row that is masked whole, every share is NaN. */
  softmax(axis = -1): T {
    if (this.size === 0) return this.of(this.node);
    const e = this.sub(this.max(axis, { keepDims: true }).stopGradient()).exp();
    return e.div(e.sum(axis, { keepDims: true }));
  }
  /** The logarithm of `softmax`: of distances from the largest, so that adding a number to all entries changes nothing. */
  logSoftmax(axis = -1): T {
    if (!isFloat(this.dtype)) return this.float().logSoftmax(axis);
    if (this.size === 0) return this.of(this.node);
    const distance = this.sub(this.#largest(axis));
    return distance.sub(distance.exp().sum(axis, { keepDims: true }).log());
  }

  /** Where along `axis` the first element stands that is equal to `found`, or is NaN as `found` then is. */
  #firstOf(found: T, axis: number): T {
    // Of a row with a NaN, which equals nothing, only the NaNs are found.
    const equal = this.eq(found);
    const isFound = isFloat(this.dtype) ? equal.or(this.ne(this.of(this.node))) : equal;
    return isFound.where(this.of(positions(this.shape, axis)), this.shape[axis] - 1).min(axis);
  }
  /** The largest entry, kept as an axis of 1; 0 where that is infinite. Whatever is taken off, gradients are the same. */
  #largest(axes?: number | readonly number[]): T {
    const top = this.max(axes, { keepDims: true }).stopGradient();
    return top.abs().lt(Number.POSITIVE_INFINITY).where(top, 0);
  }
  #reduce(op: "sum" | "max", axes: number | readonly number[] | undefined, keep = false): T {
    const list = axesOf(op, this.node, axes);
    if (op === "max" && list.some((axis) => this.shape[axis] === 0)) {
      throw new PondusError("shape.empty", `max: ${this.described()} has no elements to choose from.`);
    }
    const out = list.length === 0 ? this.node : make(op, [this.node], { axes: list });
    return this.of(
      keep
        ? reshapeNode(
            out,
            this.shape.map((n, i) => (list.includes(i) ? 1 : n)),
          )
        : out,
    );
  }
}

/** Numbers in the opposite order, exactly: -x, but of whole numbers -1 - x, as int32 does not hold the opposite of its least. */
export const backwards = <T extends Elementwise<T>>(x: T): T => (x.dtype === "int32" ? x.xor(-1) : x.neg());
