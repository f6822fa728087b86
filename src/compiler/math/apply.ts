import type { DType } from "../../graph/dtype.ts";
import { InternalError } from "../../graph/errors.ts";
import type { OpName } from "../../graph/node.ts";
import { type Builder, maskOf } from "../ir/builder.ts";
import type { LoopType, Value } from "../ir/loop.ts";
import { acos, asin } from "./arcsine.ts";
import { atan, atan2 } from "./arctangent.ts";
import { acosh, asinh, atanh } from "./area-hyperbolic.ts";
import { cbrt } from "./cube-root.ts";
import { erf, erfc, normalCdf } from "./erf.ts";
import { erfinv } from "./erfinv.ts";
import { exp, exp2, expm1, sigmoid, tanh } from "./exponential.ts";
import { cosh, sinh } from "./hyperbolic.ts";
import { lgamma } from "./lgamma.ts";
import { log, log1p, softplus } from "./logarithm.ts";
import { polygamma } from "./polygamma.ts";
import { pow } from "./power.ts";
import { log2, log10 } from "./precise-logarithm.ts";
import { mod } from "./remainder.ts";
import { round } from "./rounding.ts";
import { cos, sin } from "./sine.ts";
import { tan } from "./tangent.ts";

/** How a number of a dtype stands in a register; a bool becomes a mask of either width. */
export function registerType(dtype: DType): LoopType {
  return dtype === "bool" ? "mask32" : dtype;
}

type Lowering = (b: Builder, ...args: Value[]) => Value;

const isMask = (x: Value) => x.type.startsWith("mask");

/** Two masks in one width: that of a computed one, since a constant has none of its own. */
function matched(b: Builder, x: Value, y: Value): [Value, Value] {
  if (!isMask(x) || x.type === y.type) return [x, y];
  const { type } = b.numberOf(x) === undefined ? x : y;
  return [b.convert(x, type), b.convert(y, type)];
}

const plain =
  (name: Parameters<Builder["op"]>[0]): Lowering =>
  (b, ...args) =>
    b.op(name, ...args);

const bitwise =
  (name: "and" | "or" | "xor"): Lowering =>
  (b, x, y) =>
    b.op(name, ...matched(b, x, y));

/** A function written for float64: in float32 its argument goes there, and its error is lost when the result comes back. */
const inDouble =
  (f: Lowering): Lowering =>
  (b, ...args) =>
    b.convert(f(b, ...args.map((x) => b.convert(x, "float64"))), args[0].type);

function sign(b: Builder, x: Value): Value {
  const zero = b.like(x, 0);
  // Adding zero takes the sign off a negative zero.
  const below = b.select(b.op("lt", x, zero), b.like(x, -1), b.op("add", x, zero));
  return b.select(b.op("lt", zero, x), b.like(x, 1), below);
}

const doubles = {
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  log2,
  log10,
  exp2,
  cbrt,
  erfinv,
  lgamma,
  atan2,
} satisfies { readonly [K in OpName]?: Lowering };

/** Whether an op on numbers of this type computes in float64. */
export function isWidened(op: OpName, dtype: DType): boolean {
  return dtype === "float32" && (op in doubles || op === "polygamma");
}

const lowerings: { readonly [K in OpName]?: Lowering } = {
  ...(Object.fromEntries(Object.entries(doubles).map(([op, f]) => [op, inDouble(f)])) as Record<string, Lowering>),
  round,
  neg: plain("neg"),
  abs: plain("abs"),
  sign,
  floor: plain("floor"),
  sqrt: plain("sqrt"),
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tanh,
  sigmoid,
  softplus,
  erf,
  erfc,
  normalCdf,
  not: plain("not"),
  add: plain("add"),
  sub: plain("sub"),
  mul: plain("mul"),
  div: plain("div"),
  maximum: plain("maximum"),
  minimum: plain("minimum"),
  pow,
  mod,
  lt: plain("lt"),
  le: plain("le"),
  eq: (b, x, y) => (isMask(x) ? b.op("not", b.op("xor", ...matched(b, x, y))) : b.op("eq", x, y)),
  ne: (b, x, y) => (isMask(x) ? b.op("xor", ...matched(b, x, y)) : b.op("ne", x, y)),
  and: bitwise("and"),
  or: bitwise("or"),
  xor: bitwise("xor"),
  shl: plain("shl"),
  shr: plain("shr"),
  where: (b, test, yes, no) => b.select(test, ...matched(b, yes, no)),
};

/** One elementwise op on registers. */
export function apply(b: Builder, op: OpName, args: Value[], dtype: DType, order = 0): Value {
  if (op === "cast") {
    const [x] = args;
    if (dtype !== "bool") return b.convert(x, registerType(dtype));
    return isMask(x) ? x : b.as("ne", maskOf(x.type), x.lanes, x, b.like(x, 0));
  }
  if (op === "polygamma") return inDouble((_, x) => polygamma(b, x, order))(b, ...args);
  const lower = lowerings[op];
  if (!lower) throw new InternalError(`${op} cannot be lowered to registers`);
  return lower(b, ...args);
}
