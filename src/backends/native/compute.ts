import type { Instruction, LoopOp, LoopType, Value } from "../../compiler/loop.ts";
import { InternalError } from "../../graph/errors.ts";
import { bitsName, isMask, scalarName, typeName } from "./types.ts";

type Compute = Extract<Instruction, { op: "compute" }>;
type Expression = (to: Value, args: readonly Value[], names: readonly string[]) => string;

const infix =
  (operator: string): Expression =>
  (_, __, [a, b]) =>
    `${a} ${operator} ${b}`;

const compare =
  (operator: string): Expression =>
  (to, _, [a, b]) =>
    to.lanes === 1 ? `${a} ${operator} ${b}` : `(${typeName(to)})(${a} ${operator} ${b})`;

/** `test ? yes : no` lane by lane, through the bits. */
function blend(to: Value, test: string, yes: string, no: string): string {
  if (to.lanes === 1) return `${test} ? ${yes} : ${no}`;
  const bits = bitsName(to);
  return `(${typeName(to)})(((${bits})${test} & (${bits})${yes}) | (~(${bits})${test} & (${bits})${no}))`;
}

/** The larger or smaller; the comparison also holds for a NaN on the left, and fails for one on the right. */
const extreme =
  (operator: ">" | "<"): Expression =>
  (to, _, [a, b]) => {
    const isFloat = to.type.startsWith("float");
    return blend(to, isFloat ? `((${a} ${operator} ${b}) | (${a} != ${a}))` : `(${a} ${operator} ${b})`, a, b);
  };

const call =
  (name: string): Expression =>
  (_, [x], [a]) =>
    `${name}_${typeName(x)}(${a})`;

function abs(to: Value, _: readonly Value[], [a]: readonly string[]): string {
  if (to.type.startsWith("float")) {
    if (to.lanes === 1) return to.type === "float32" ? `__builtin_fabsf(${a})` : `__builtin_fabs(${a})`;
    const all = to.type === "float32" ? "0x7fffffff" : "0x7fffffffffffffffLL";
    return `(${typeName(to)})((${bitsName(to)})${a} & ${all})`;
  }
  return blend(to, `(${a} < 0)`, `(-${a})`, a);
}

function convert(to: Value, [x]: readonly Value[], [a]: readonly string[]): string {
  if (isMask(x.type)) return convertMask(to, x, a);
  if (to.type === "int32") return `truncate_${typeName(x)}(${a})`;
  return to.lanes === 1 ? `(${scalarName[to.type]})${a}` : `__builtin_convertvector(${a}, ${typeName(to)})`;
}

/** The bits of 1, which a mask keeps or clears: no zero comes out negative. */
const one: { readonly [T in LoopType]?: string } = {
  float32: "0x3f800000",
  float64: "0x3ff0000000000000LL",
  int32: "1",
  int64: "1",
};

function convertMask(to: Value, x: Value, a: string): string {
  if (to.lanes === 1) return isMask(to.type) ? a : `(${scalarName[to.type]})${a}`;
  const wide = bitsName(to) === bitsName(x) ? a : `__builtin_convertvector(${a}, ${bitsName(to)})`;
  return isMask(to.type) ? wide : `(${typeName(to)})(${wide} & ${one[to.type]})`;
}

function splat(to: Value, [x]: readonly Value[], [a]: readonly string[]): string {
  if (x.lanes !== 1) throw new InternalError("splat takes a scalar");
  // Subtracting zero keeps every value as it is, a negative zero too.
  return `${isMask(to.type) ? `(-${a})` : a} - (${typeName(to)}){0}`;
}

function shiftRight(to: Value, _: readonly Value[], [a, b]: readonly string[]): string {
  const unsigned = to.lanes > 1 ? `u${typeName(to).slice(1)}` : `unsigned ${typeName(to)}`;
  return `(${typeName(to)})((${unsigned})${a} >> (${unsigned})${shiftCount(to, b)})`;
}

/** Shifts count modulo the width, which C leaves undefined. */
function shiftCount(to: Value, count: string): string {
  return `(${count} & ${to.type === "int32" ? 31 : 63})`;
}

/** Lanes of two vectors in turn, beginning at the first or the second half. */
const zip =
  (half: 0 | 1): Expression =>
  (to, _, [a, b]) => {
    const start = half * (to.lanes / 2);
    const lanes = Array.from({ length: to.lanes }, (_, k) => start + (k >> 1) + (k & 1) * to.lanes);
    return `SHUFFLE(${a}, ${b}, ${bitsName(to)}, ${lanes.join(", ")})`;
  };

const expressions: { readonly [K in LoopOp]: Expression } = {
  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  div: infix("/"),
  fma: (to, _, args) => `fma_${typeName(to)}(${args.join(", ")})`,
  scale: (to, _, args) => `scale_${typeName(to)}(${args.join(", ")})`,
  neg: (_, __, [a]) => `-${a}`,
  abs,
  sqrt: call("sqrt"),
  floor: call("floor"),
  max: extreme(">"),
  min: extreme("<"),
  lt: compare("<"),
  le: compare("<="),
  eq: compare("=="),
  ne: compare("!="),
  and: infix("&"),
  or: infix("|"),
  xor: infix("^"),
  not: (to, _, [a]) => (to.lanes === 1 && isMask(to.type) ? `!${a}` : `~${a}`),
  shl: (to, _, [a, b]) => `${a} << ${shiftCount(to, b)}`,
  shr: shiftRight,
  select: (to, _, [test, yes, no]) => blend(to, test, yes, no),
  splat,
  sumLanes: call("sum"),
  maxLanes: call("max"),
  zipLow: zip(0),
  zipHigh: zip(1),
  convert,
  bits: (to, [x], [a]) =>
    to.lanes === 1 ? `bits_${scalarName[x.type].replace(" ", "_")}(${a})` : `(${typeName(to)})${a}`,
};

/** The right-hand side of one operation. */
export function printCompute({ to, name, args }: Compute, nameOf: (v: Value) => string): string {
  return expressions[name](to, args, args.map(nameOf));
}
