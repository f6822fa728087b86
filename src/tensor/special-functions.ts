import type { Operand, Tensor } from "./tensor.ts";

/** The methods of special.ts as functions; what they compute is said there. (isNaN and isFinite would hide JavaScript's own.) */

export const tan = (x: Tensor) => x.tan();
export const asin = (x: Tensor) => x.asin();
export const acos = (x: Tensor) => x.acos();
export const atan = (x: Tensor) => x.atan();
export const sinh = (x: Tensor) => x.sinh();
export const cosh = (x: Tensor) => x.cosh();
export const asinh = (x: Tensor) => x.asinh();
export const acosh = (x: Tensor) => x.acosh();
export const atanh = (x: Tensor) => x.atanh();
export const log2 = (x: Tensor) => x.log2();
export const log10 = (x: Tensor) => x.log10();
export const exp2 = (x: Tensor) => x.exp2();
export const cbrt = (x: Tensor) => x.cbrt();
export const reciprocal = (x: Tensor) => x.reciprocal();
export const rsqrt = (x: Tensor) => x.rsqrt();
export const floor = (x: Tensor) => x.floor();
export const ceil = (x: Tensor) => x.ceil();
export const round = (x: Tensor) => x.round();
export const trunc = (x: Tensor) => x.trunc();
export const erfinv = (x: Tensor) => x.erfinv();
export const lgamma = (x: Tensor) => x.lgamma();
export const digamma = (x: Tensor) => x.digamma();
export const sinc = (x: Tensor) => x.sinc();
/** The angle of the point (x, y). */
export const atan2 = (y: Tensor, x: Operand) => y.atan2(x);
export const hypot = (x: Tensor, y: Operand) => x.hypot(y);
export const logaddexp = (x: Tensor, y: Operand) => x.logaddexp(y);
export const xlogy = (x: Tensor, y: Operand) => x.xlogy(y);
export const xlog1py = (x: Tensor, y: Operand) => x.xlog1py(y);
export const copySign = (x: Tensor, y: Operand) => x.copySign(y);
export const polygamma = (order: number, x: Tensor) => x.polygamma(order);
export const nanToNum = (x: Tensor, options?: { nan?: number; posinf?: number; neginf?: number }) =>
  x.nanToNum(options);
