import type { Node, OpName } from "../../graph/node.ts";
import { ops } from "../../graph/ops.ts";
import { erf, erfc, erfinv, lgamma, normalCdf, polygamma } from "./special.ts";

type Scalar = (a: number, b: number, c: number) => number;
const bit = (x: boolean) => (x ? 1 : 0);

/** What each elementwise op does to one element, in float64 and as plainly as JavaScript says it. */
const scalars: { readonly [K in OpName]?: Scalar } = {
  neg: (a) => -a,
  abs: Math.abs,
  sign: (a) => (Number.isNaN(a) ? a : bit(a > 0) - bit(a < 0)),
  floor: Math.floor,
  sqrt: Math.sqrt,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a))),
  softplus: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  erf,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  log2: Math.log2,
  log10: Math.log10,
  exp2: (a) => 2 ** a,
  cbrt: Math.cbrt,
  round: (a) => (Math.abs(a) < 2 ** 52 ? Math.sign(a) * (Math.abs(a) + 2 ** 52 - 2 ** 52) : a),
  erfinv,
  lgamma,
  erfc,
  normalCdf,
  not: (a) => 1 - a,
  stop: (a) => a,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  // IEEE 754 gives 1 where JavaScript gives NaN: for 1 to any power, and for -1 to an infinite one.
  pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b),
  atan2: Math.atan2,
  mod,
  lt: (a, b) => bit(a < b),
  le: (a, b) => bit(a <= b),
  eq: (a, b) => bit(a === b),
  ne: (a, b) => bit(a !== b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  shr: (a, b) => a >>> b,
  where: (a, b, c) => (a ? b : c),
};

/** NumPy's remainder: with the divisor's sign, a zero too. */
function mod(a: number, b: number): number {
  const rest = a % b;
  if (rest === 0) return b < 0 ? -0 : 0;
  return rest < 0 !== b < 0 ? rest + b : rest;
}

/** The function for one node; the caller stores its result in an array of the result's type, which rounds it. */
export function scalarOf(node: Node): Scalar {
  const { op, dtype: to } = node;
  const { dtype } = node.inputs[0];
  if (node.is("polygamma")) return (a) => polygamma(a, node.attrs.order);
  if (op === "cast") {
    if (to === "bool") return (a) => bit(a !== 0);
    return to === "int32" ? toInt32 : (a) => a;
  }
  if (op === "mul" && dtype === "int32") return Math.imul;
  const f = scalars[op];
  if (!f) throw new Error(`${op} (${ops[op].class}) is not elementwise`);
  return f;
}

/** Truncation that saturates, as WebAssembly defines it; NaN gives 0. */
function toInt32(a: number): number {
  return Number.isNaN(a) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(a)));
}
