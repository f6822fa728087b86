import type { DType } from "../graph/dtype.ts";
import { InternalError } from "../graph/errors.ts";
import type { OpName } from "../graph/ops.ts";
import { type Builder, maskOf } from "./builder.ts";
import { erf } from "./erf.ts";
import { exp, expm1, sigmoid, tanh } from "./exponential.ts";
import { log, log1p, softplus } from "./logarithm.ts";
import type { LoopType, Value } from "./loop.ts";
import { pow } from "./power.ts";
import { mod } from "./remainder.ts";
import { cos, sin } from "./sine.ts";

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

function sign(b: Builder, x: Value): Value {
  const zero = b.like(x, 0);
  // Adding zero takes the sign off a negative zero.
  const below = b.select(b.op("lt", x, zero), b.like(x, -1), b.op("add", x, zero));
  return b.select(b.op("lt", zero, x), b.like(x, 1), below);
}

const lowerings: { readonly [K in OpName]?: Lowering } = {
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
  not: plain("not"),
  add: plain("add"),
  sub: plain("sub"),
  mul: plain("mul"),
  div: plain("div"),
  max: plain("max"),
  min: plain("min"),
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
export function apply(b: Builder, op: OpName, args: Value[], dtype: DType): Value {
  if (op === "cast") {
    const [x] = args;
    if (dtype !== "bool") return b.convert(x, registerType(dtype));
    return isMask(x) ? x : b.as("ne", maskOf(x.type), x.lanes, x, b.like(x, 0));
  }
  const lower = lowerings[op];
  if (!lower) throw new InternalError(`${op} cannot be lowered to registers`);
  return lower(b, ...args);
}
