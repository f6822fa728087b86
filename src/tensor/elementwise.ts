import { type DType, isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/make.ts";
import type { Node, OpName } from "../graph/node.ts";
import { ops } from "../graph/ops.ts";
import { Expression } from "./expression.ts";
import { constant, elementwise, spread } from "./operands.ts";

/** What stands where a tensor is expected: a tensor, or a number that takes the other operand's type. */
export type Operand<T> = T | number;

/**
 * Operations that act element by element, on operands that broadcast.
 *
 * Two tensors of different types are never mixed silently. Where a result is a fraction by its nature (a quotient, a root, a
 * mean), whole numbers and bools are float32 first, as in PyTorch.
 */
export abstract class Elementwise<T extends Elementwise<T>> extends Expression<T> {
  add(y: Operand<T>): T {
    return this.binary("add", y);
  }
  sub(y: Operand<T>): T {
    return this.binary("sub", y);
  }
  mul(y: Operand<T>): T {
    return this.binary("mul", y);
  }
  /** Floating-point division, of whole numbers too. */
  div(y: Operand<T>): T {
    return this.binary("div", y);
  }
  /**
   * Power, within 2 units in the last place, and exact where the result is a float. NaN where the base is negative and `y` is
   * not whole. The exponents -1, 0, 1, 2 and 3 become products. An int32
   * to a whole-number power from 0 is an int32; to any other number it is a float32.
   */
  pow(y: Operand<T>): T {
    if (typeof y === "number" && isFloat(this.dtype)) {
      const x = this.of(this.node);
      if (y === -1) return this.of(constant(1, this.dtype)).div(x);
      if (y === 0) return this.of(spread(constant(1, this.dtype), this.shape));
      if (y === 1) return x;
      if (y === 2) return x.square();
      if (y === 3) return x.square().mul(x);
    }
    if (this.dtype === "int32" && typeof y === "number" && Number.isInteger(y) && y >= 0 && y < 2 ** 31) {
      return this.#wholePower(y);
    }
    return this.binary("pow", y);
  }
  /**
   * Remainder with the sign of the divisor, x - floor(x / y) y, exact for operands of any size; where the signs differ, what is
   * added to the divisor is rounded, as in NumPy. By 0 it is NaN, or 0 for int32.
   */
  mod(y: Operand<T>): T {
    return this.binary("mod", y);
  }
  /** The larger of two, element by element; NaN when either is. */
  maximum(y: Operand<T>): T {
    return this.binary("maximum", y);
  }
  /** The smaller of two, element by element; NaN when either is. */
  minimum(y: Operand<T>): T {
    return this.binary("minimum", y);
  }
  /**
   * Not below `low` and not above `high`; NaN stays. As in PyTorch, the derivative is 1 between two numbers, and 0 at either,
   * outside and at NaN; tensors share it with `x` where they are equal, as in `maximum`.
   */
  clip(low: Operand<T>, high: Operand<T>): T {
    if (typeof low !== "number" || typeof high !== "number") return this.maximum(low).minimum(high);
    const inside = this.gt(low).and(this.lt(high));
    return inside.where(this.of(this.node), this.stopGradient().maximum(low).minimum(high));
  }

  neg(): T {
    return this.unary("neg");
  }
  abs(): T {
    return this.unary("abs");
  }
  /** -1, 0 or 1. */
  sign(): T {
    return this.unary("sign");
  }
  floor(): T {
    return this.dtype === "int32" ? this.of(this.node) : this.unary("floor");
  }
  sqrt(): T {
    return this.unary("sqrt");
  }
  square(): T {
    return this.of(elementwise("mul", [this.node, this.node]));
  }
  exp(): T {
    return this.unary("exp");
  }
  /** exp(x) - 1, exact near 0. */
  expm1(): T {
    return this.unary("expm1");
  }
  log(): T {
    return this.unary("log");
  }
  /** log(1 + x), exact near 0. */
  log1p(): T {
    return this.unary("log1p");
  }
  sin(): T {
    return this.unary("sin");
  }
  cos(): T {
    return this.unary("cos");
  }
  tanh(): T {
    return this.unary("tanh");
  }
  /** 1 / (1 + exp(-x)). */
  sigmoid(): T {
    return this.unary("sigmoid");
  }
  /** log(1 + exp(x)), without overflow. */
  softplus(): T {
    return this.unary("softplus");
  }
  /** The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
  erf(): T {
    return this.unary("erf");
  }
  /** 1 / x. */
  reciprocal(): T {
    return this.float().like(1).div(this.of(this.node));
  }
  /** 1 / sqrt(x). */
  rsqrt(): T {
    return this.sqrt().reciprocal();
  }
  /** 1 - erf(x), accurate where that is small. */
  erfc(): T {
    return this.unary("erfc");
  }
  /** The standard normal distribution function, (1 + erf(x / sqrt(2))) / 2, accurate where that is small (SciPy's `ndtr`). */
  normalCdf(): T {
    return this.unary("normalCdf");
  }
  /** The same value; gradients stop here. */
  stopGradient(): T {
    return this.unary("stop");
  }
  /**
   * As another type. A float becomes an int32 by cutting off its fraction: the nearest one where it is too large, 0 where it
   * is NaN. A bool is true unless it was 0.
   */
  cast(dtype: DType): T {
    return dtype === this.dtype ? this.of(this.node) : this.of(make("cast", [this.node], { to: dtype }));
  }

  lt(y: Operand<T>): T {
    return this.binary("lt", y);
  }
  le(y: Operand<T>): T {
    return this.binary("le", y);
  }
  gt(y: Operand<T>): T {
    return this.of(elementwise("lt", [this.#operand(y), this.node]));
  }
  ge(y: Operand<T>): T {
    return this.of(elementwise("le", [this.#operand(y), this.node]));
  }
  eq(y: Operand<T>): T {
    return this.binary("eq", y);
  }
  ne(y: Operand<T>): T {
    return this.binary("ne", y);
  }
  and(y: Operand<T>): T {
    return this.binary("and", y);
  }
  or(y: Operand<T>): T {
    return this.binary("or", y);
  }
  xor(y: Operand<T>): T {
    return this.binary("xor", y);
  }
  not(): T {
    return this.unary("not");
  }
  /** Bits of an int32 moved left, by `y` modulo 32. */
  shiftLeft(y: Operand<T>): T {
    return this.binary("shl", y);
  }
  /** Bits of an int32 moved right, by `y` modulo 32, zeros coming in. */
  shiftRight(y: Operand<T>): T {
    return this.binary("shr", y);
  }
  /** Element by element: `yes` where this condition holds, else `no`. At least one of the two is a tensor. */
  where(yes: Operand<T>, no: Operand<T>): T {
    const like = typeof yes !== "number" ? yes : typeof no !== "number" ? no : undefined;
    if (!like)
      throw new PondusError(
        "where.numbers",
        "where: one of the two choices must be a tensor, to give the type; write e.g. test.where(x, 0).",
      );
    const node = (x: Operand<T>) => (typeof x === "number" ? constant(x, like.dtype) : x.node);
    return this.of(elementwise("where", [this.node, node(yes), node(no)]));
  }

  #wholePower(exponent: number): T {
    if (exponent === 0) return this.of(spread(constant(1, this.dtype), this.shape));
    if (exponent === 1) return this.of(this.node);
    const half = this.#wholePower(exponent >> 1);
    const square = half.mul(half);
    return exponent % 2 === 0 ? square : square.mul(this.of(this.node));
  }
  /** This as a float: whole numbers and bools become float32. */
  protected float(): T {
    return isFloat(this.dtype) ? this.of(this.node) : this.cast("float32");
  }
  /** This and another operand, as floats where neither is one. */
  protected floats(y: Operand<T>): [T, T] {
    if (typeof y === "number") return [this.float(), this.float().like(y)];
    return isFloat(this.dtype) || isFloat(y.dtype) ? [this.of(this.node), y] : [this.float(), y.float()];
  }
  /** A number as a tensor of this type. */
  protected like(y: number): T {
    return this.of(constant(y, this.dtype));
  }
  #operand(y: Operand<T>): Node {
    return typeof y === "number" ? constant(y, this.dtype) : y.node;
  }
  protected unary(op: OpName): T {
    const x = ops[op].takes === "float" ? this.float() : this;
    return this.of(make(op, [x.node], {} as never));
  }
  protected binary(op: OpName, y: Operand<T>): T {
    const operands = ops[op].takes === "float" ? this.floats(y).map((x) => x.node) : [this.node, this.#operand(y)];
    return this.of(elementwise(op, operands));
  }
}
