import type { Instruction, LoopOp, LoopType, Value } from "../../compiler/ir/loop.ts";
import { InternalError } from "../../graph/errors.ts";
import { bitsName, isMask, scalarName, typeName } from "./types.ts";

type Compute = Extract<Instruction, { op: "compute" }>;
type Expression = (
  to: Value,
  args: readonly Value[],
  names: readonly string[],
  numberOf: (v: Value) => number | undefined,
) => string;

const infix =
  (operator: string): Expression =>
  (_, __, [a, b]) =>
    `${a} ${operator} ${b}`;

const compare =
  (operator: string): Expression =>
  (to, _, [a, b]) =>
    to.lanes === 1 ? `${a} ${operator} ${b}` : `(${typeName(to)})(${a} ${operator} ${b})`;

/** `test ? yes : no` lane by lane. */
function select(to: Value, _: readonly Value[], [test, yes, no]: readonly string[]): string {
  return to.lanes === 1 ? `${test} ? ${yes} : ${no}` : `select_${typeName(to)}(${test}, ${yes}, ${no})`;
}

/** Through the bits, which costs the compiler less than a select. */
function blend(to: Value, test: string, yes: string, no: string): string {
  if (to.lanes === 1) return `${test} ? ${yes} : ${no}`;
  const bits = bitsName(to);
  return `(${typeName(to)})(((${bits})${test} & (${bits})${yes}) | (~(${bits})${test} & (${bits})${no}))`;
}

/**
 * The larger or smaller. A number that is known is no NaN; put first, it gives way to one. (Of two zeros the second counts,
 * so that a known one stays where it is.)
 */
const extreme =
  (operator: ">" | "<"): Expression =>
  (to, args, names, numberOf) => {
    const [a, b] = names;
    if (to.type === "int32") return blend(to, `(${a} ${operator} ${b})`, a, b);
    const [first, second] = args.map(numberOf);
    const isNumber = (x: number | undefined) => x !== undefined && !Number.isNaN(x);
    const known = isNumber(first) ? [a, b] : isNumber(second) && second !== 0 ? [b, a] : undefined;
    const [x, y] = known ?? [a, b];
    if (to.lanes === 1)
      return blend(to, known ? `(${x} ${operator} ${y})` : `((${x} ${operator} ${y}) | (${x} != ${x}))`, x, y);
    const name = operator === ">" ? (known ? "larger" : "largest") : known ? "smaller" : "smallest";
    return `${name}_${typeName(to)}(${x}, ${y})`;
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

/** Lanes of two vectors, alternating, beginning at the first or the second half. */
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
  maximum: extreme(">"),
  minimum: extreme("<"),
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
  select,
  splat,
  sumLanes: call("sum"),
  maxLanes: call("max"),
  zipLow: zip(0),
  zipHigh: zip(1),
  convert,
  bits: (to, [x], [a]) =>
    to.lanes === 1 ? `bits_${scalarName[x.type].replace(" ", "_")}(${a})` : `(${typeName(to)})${a}`,
};

/** The right-hand side of one operation. `numberOf` tells the number that a constant holds. */
export function printCompute(
  { to, name, args }: Compute,
  nameOf: (v: Value) => string,
  numberOf: (v: Value) => number | undefined,
): string {
  return expressions[name](to, args, args.map(nameOf), numberOf);
}
