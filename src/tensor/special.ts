import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/make.ts";
import { Elementwise, type Operand } from "./elementwise.ts";

/**
 * Functions of one or two numbers beyond arithmetic, element by element. Errors are at most 2 units in the last place
 * (test/compiler/special-functions.test.ts measures them against mpmath), with the exceptions that are stated.
 */
export abstract class Special<T extends Special<T>> extends Elementwise<T> {
  tan(): T {
    return this.unary("tan");
  }
  /** The angle in [-pi/2, pi/2] with this sine; NaN outside of [-1, 1]. */
  asin(): T {
    return this.unary("asin");
  }
  /** The angle in [0, pi] with this cosine; NaN outside of [-1, 1]. */
  acos(): T {
    return this.unary("acos");
  }
  /** The angle in [-pi/2, pi/2] with this tangent. */
  atan(): T {
    return this.unary("atan");
  }
  /**
   * The angle in [-pi, pi] of the point (x, y), where this is y; C's rules for zeros and infinities. The derivative at the
   * origin, where there is none, is 0, as in PyTorch.
   */
  atan2(x: Operand<T>): T {
    return this.binary("atan2", x);
  }
  sinh(): T {
    return this.unary("sinh");
  }
  cosh(): T {
    return this.unary("cosh");
  }
  asinh(): T {
    return this.unary("asinh");
  }
  /** The number from 0 with this hyperbolic cosine; NaN below 1. */
  acosh(): T {
    return this.unary("acosh");
  }
  /** The number with this hyperbolic tangent; NaN outside of [-1, 1]. */
  atanh(): T {
    return this.unary("atanh");
  }
  /** The logarithm to the base 2, exact for powers of 2. */
  log2(): T {
    return this.unary("log2");
  }
  /** The logarithm to the base 10, exact for powers of 10. */
  log10(): T {
    return this.unary("log10");
  }
  /** 2^x, exact for whole x. */
  exp2(): T {
    return this.unary("exp2");
  }
  /** The cube root, of negative numbers too. */
  cbrt(): T {
    return this.unary("cbrt");
  }
  /** The nearest whole number, of two the even one. The derivative is 0. */
  round(): T {
    return this.dtype === "int32" ? this.of(this.node) : this.unary("round");
  }
  /** The nearest whole number above or equal. The derivative is 0. */
  ceil(): T {
    return this.neg().floor().neg();
  }
  /** The whole number next to x in the direction of 0. The derivative is 0. */
  trunc(): T {
    return this.lt(0).where(this.ceil(), this.floor());
  }
  /** The inverse of the error function; infinite at -1 and 1, NaN beyond. */
  erfinv(): T {
    return this.unary("erfinv");
  }
  /**
   * log |gamma(x)|. For negative x, where it has zeros between its poles, the error is up to 4 units in the last place of the
   * larger of the result and |x| log(3 + |x|).
   */
  lgamma(): T {
    return this.unary("lgamma");
  }
  /**
   * The derivative of lgamma; NaN at negative whole numbers. For negative x the error is up to 5 units in the last place of the
   * larger of the result and log(3 + |x|).
   */
  digamma(): T {
    return this.polygamma(0);
  }
  /**
   * The derivative of order `order` of digamma (1: trigamma). The error is up to order + 2 units in the last place for positive x.
   *
   * @throws `tensor.option` unless the order is a whole number from 0 to 100
   */
  polygamma(order: number): T {
    if (!(Number.isInteger(order) && order >= 0 && order <= 100)) {
      throw new PondusError(
        "tensor.option",
        `polygamma: the order must be a whole number from 0 to 100, but it is ${order}.`,
      );
    }
    return this.of(make("polygamma", [this.float().node], { order }));
  }

  /** sqrt(x^2 + y^2), which overflows or vanishes only where the result does; infinite where one is. The derivative at (0, 0) is 0. */
  hypot(y: Operand<T>): T {
    const [a, b] = this.floats(y);
    const infinite = a.isInf().or(b.isInf());
    // No infinity meets a derivative, nor does a zero a root's.
    const [width, height] = [a, b].map((side) => infinite.where(1, side));
    const size = width.abs().maximum(height.abs()).stopGradient();
    const [far, shift] = a.dtype === "float32" ? [2 ** 60, 2 ** 100] : [2 ** 500, 2 ** 600];
    const scale = size.gt(far).where(size.like(1 / shift), size.lt(1 / far).where(size.like(shift), 1));
    const sum = width.mul(scale).square().add(height.mul(scale).square());
    const zero = sum.eq(0);
    const root = zero.where(0, zero.where(1, sum).sqrt().div(scale));
    return infinite.where(Number.POSITIVE_INFINITY, root);
  }
  /** log(exp(x) + exp(y)) without overflow. Where the result nears 0, the error is one in the last place of the larger operand. */
  logaddexp(y: Operand<T>): T {
    const [a, b] = this.floats(y);
    const gap = a.sub(b);
    const flat = a.eq(b).and(a.isInf());
    const above = a.gt(b);
    const larger = above.where(a, b);
    // Both pieces are the same function of both numbers, so that derivatives of any order are right at the seam.
    return larger.add(flat.where(0, above.where(gap.neg(), gap)).softplus());
  }
  /** x log y, and 0 where x is 0 unless y is NaN. */
  xlogy(y: Operand<T>): T {
    const [a, b] = this.floats(y);
    const none = a.eq(0).and(b.le(0).or(b.isInf()));
    return none.where(0, a.mul(none.where(1, b).log()));
  }
  /** x log(1 + y), and 0 where x is 0 unless y is NaN. */
  xlog1py(y: Operand<T>): T {
    const [a, b] = this.floats(y);
    const none = a.eq(0).and(b.le(-1).or(b.isInf()));
    return none.where(0, a.mul(none.where(0, b).log1p()));
  }
  /** sin(pi x) / (pi x), and 1 at 0. Errors are up to 3 units in the last place. */
  sinc(): T {
    // Up to 1/2 the series in (pi x)^2, of which derivatives of any order are right at 0.
    const x = this.float();
    const near = x.abs().le(0.5);
    const square = near.where(x, 0).mul(Math.PI).square();
    let series = x.like(1 / factorial(23));
    for (let k = 10; k >= 0; k--)
      series = series
        .mul(square)
        .neg()
        .add(1 / factorial(2 * k + 1));
    // sin(pi x) by the distance to the nearest whole number, with a minus where that is odd.
    const far = near.where(1, x);
    const whole = far.round();
    const odd = whole.mul(0.5).floor().mul(2).ne(whole);
    const sine = far.sub(whole).mul(Math.PI).sin();
    return near.where(series, odd.where(sine.neg(), sine).div(far.mul(Math.PI)));
  }
  /** The size of this with the sign of `y`, also of a zero. */
  copySign(y: Operand<T>): T {
    const [a, b] = this.floats(y);
    const negative = b.lt(0).or(b.eq(0).and(b.reciprocal().lt(0)));
    const size = a.abs();
    return negative.where(size.neg(), size);
  }

  /** bool: not a number. */
  isNaN(): T {
    return this.ne(this.of(this.node));
  }
  /** bool: infinite, of either sign. */
  isInf(): T {
    return isFloat(this.dtype) ? this.abs().eq(Number.POSITIVE_INFINITY) : this.isNaN();
  }
  /** bool: neither infinite nor NaN. */
  isFinite(): T {
    return isFloat(this.dtype) ? this.abs().lt(Number.POSITIVE_INFINITY) : this.isNaN().not();
  }
  /** NaN replaced by `nan` (0), infinities by `posinf` and `neginf` (the largest finite numbers of the type). */
  nanToNum(options: { nan?: number; posinf?: number; neginf?: number } = {}): T {
    if (!isFloat(this.dtype)) return this.of(this.node);
    const most = this.dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
    const { nan = 0, posinf = most, neginf = -most } = options;
    const above = this.eq(Number.POSITIVE_INFINITY).where(posinf, this.of(this.node));
    const finite = this.eq(Number.NEGATIVE_INFINITY).where(neginf, above);
    return this.isNaN().where(nan, finite);
  }
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}
