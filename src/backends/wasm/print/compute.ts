import type { LoopOp, Value } from "../../../compiler/ir/loop.ts";
import { InternalError } from "../../../graph/errors.ts";
import type { Opcode } from "../module/opcodes.ts";
import { isFloatShape, isMask, isVector, isVectorShape, localType, named, shapeOf, widthOf } from "../module/types.ts";
import { convert, reinterpret } from "./convert.ts";
import type { Operands } from "./operands.ts";

/** Pushes the operation's result. */
type Print = (operands: Operands, to: Value, args: readonly Value[]) => void;

/** Every operation on registers. */
export const computations: { readonly [Op in LoopOp]: Print } = {
  add: (o, to, args) => all(o, args, named(shapeOf(to), "add")),
  sub: (o, to, args) => all(o, args, named(shapeOf(to), "sub")),
  mul: (o, to, args) => all(o, args, named(shapeOf(to), "mul")),
  div: (o, to, args) => all(o, args, named(floatShape(to, "div"), "div")),
  fma: (o, to, args) => {
    const shape = floatShape(to, "fma");
    if (o.has.relaxed) return relaxedMultiplyAdd(o, shape, args);
    all(o, args.slice(0, 2), named(shape, "mul"));
    all(o, args.slice(2), named(shape, "add"));
  },
  scale: (o, to, [a, k]) => scale(o, to, a, k),
  neg: (o, to, [a]) => {
    const shape = shapeOf(to);
    if (isVectorShape(shape) || isFloatShape(shape)) return all(o, [a], named(shape, "neg"));
    o.pushConstant(to, 0);
    all(o, [a], named(shape, "sub"));
  },
  abs: (o, to, [a]) => {
    const shape = shapeOf(to);
    if (isVectorShape(shape) || isFloatShape(shape)) return all(o, [a], named(shape, "abs"));
    inLocals(o, [a], ([x]) => {
      o.writer.emit("local.get", x);
      o.pushConstant(to, 0);
      o.writer.emit("local.get", x);
      o.writer.emit(named(shape, "sub"));
      o.pushConstant(to, 0);
      o.writer.emit("local.get", x);
      o.writer.emit(named(shape, "le_s"));
      o.writer.emit("select");
    });
  },
  sqrt: (o, to, args) => all(o, args, named(floatShape(to, "sqrt"), "sqrt")),
  floor: (o, to, args) => all(o, args, named(floatShape(to, "floor"), "floor")),
  maximum: (o, to, args) => extreme(o, "max", to, args),
  minimum: (o, to, args) => extreme(o, "min", to, args),
  lt: (o, _, args) => order(o, "lt", args),
  le: (o, _, args) => order(o, "le", args),
  eq: (o, _, args) => all(o, args, named(shapeOf(args[0]), "eq")),
  ne: (o, _, args) => all(o, args, named(shapeOf(args[0]), "ne")),
  and: (o, to, args) => all(o, args, named(bitShape(to), "and")),
  or: (o, to, args) => all(o, args, named(bitShape(to), "or")),
  xor: (o, to, args) => all(o, args, named(bitShape(to), "xor")),
  not: (o, to, [a]) => {
    if (isVector(to)) return all(o, [a], "v128.not");
    if (isMask(to.type)) return all(o, [a], "i32.eqz");
    o.push(a);
    o.pushConstant(to, -1);
    o.writer.emit(named(bitShape(to), "xor"));
  },
  shl: (o, to, args) => shift(o, "shl", to, args),
  shr: (o, to, args) => shift(o, "shr_u", to, args),
  select: (o, to, [mask, yes, no]) => {
    if (isVector(to) && isZero(o, yes)) return all(o, [no, mask], "v128.andnot");
    if (isVector(to) && isZero(o, no)) return all(o, [yes, mask], "v128.and");
    o.push(yes);
    o.push(no);
    o.push(mask);
    // Of a mask all bits of a lane are alike, so that lanes may be selected by any of them: one instruction, not four.
    if (!isVector(to)) o.writer.emit("select");
    else if (!o.has.relaxed) o.writer.emit("v128.bitselect");
    else o.writer.emit(widthOf(mask.type) === 4 ? "i32x4.relaxed_laneselect" : "i64x2.relaxed_laneselect");
  },
  splat: (o, to, [a]) => {
    const shape = shapeOf(to);
    if (!isVectorShape(shape)) return o.push(a);
    if (!isMask(to.type)) return all(o, [a], named(shape, "splat"));
    o.writer.emit("i32.const", 0);
    o.push(a);
    o.writer.emit("i32.sub");
    if (shape === "i64x2") o.writer.emit("i64.extend_i32_s");
    o.writer.emit(named(shape, "splat"));
  },
  sumLanes: (o, _, [a]) => combineLanes(o, a, lanesOpcode(a, "add")),
  zipLow: (o, _, args) => zip(o, args, 0),
  zipHigh: (o, _, args) => zip(o, args, 1),
  maxLanes: (o, _, [a]) => combineLanes(o, a, lanesOpcode(a, "max")),
  convert: (o, to, [a]) => convert(o, to, a),
  bits: (o, to, [a]) => reinterpret(o, to, a),
};

/** Pushes all operands and then does one instruction. */
function all(o: Operands, args: readonly Value[], opcode: Opcode): void {
  for (let i = 0; i < args.length; i++) o.push(args[i]);
  o.writer.emit(opcode);
}

/**
 * A scalar goes by way of a vector, so that it is rounded as a lane of one is: whether an element is the last of a vector or
 * stands behind the vectors depends on the kernel that it is computed in.
 */
function relaxedMultiplyAdd(o: Operands, shape: "f32" | "f64" | "f32x4" | "f64x2", args: readonly Value[]): void {
  if (shape === "f32x4" || shape === "f64x2") {
    all(o, args, named(shape, "relaxed_madd"));
    return;
  }
  const vector = shape === "f32" ? "f32x4" : "f64x2";
  for (const a of args) all(o, [a], named(vector, "splat"));
  o.writer.emit(named(vector, "relaxed_madd"));
  o.writer.emit(named(vector, "extract_lane"), 0);
}

/** Whether all bits of a value are 0 whatever happens. */
const isZero = (o: Operands, value: Value) => Object.is(o.constantOf(value), 0);

/** Puts operands that are needed more than once into locals. */
function inLocals(o: Operands, args: readonly Value[], use: (locals: readonly number[]) => void): void {
  const locals = args.map((a) => {
    o.push(a);
    const local = o.writer.take(localType(a));
    o.writer.emit("local.set", local);
    return local;
  });
  use(locals);
  for (const local of locals) o.writer.give(local);
}

function floatShape(to: Value, name: LoopOp): "f32" | "f64" | "f32x4" | "f64x2" {
  const shape = shapeOf(to);
  if (!isFloatShape(shape)) throw new InternalError(`${name} of ${to.type}`);
  return shape;
}

function bitShape(to: Value): "v128" | "i32" | "i64" {
  const type = localType(to);
  if (type === "f32" || type === "f64") throw new InternalError(`bitwise operation on ${to.type}`);
  return type;
}

/** By two powers of two, of which only the last rounds. The sum holds k in its lowest bits, which are halved. */
function scale(o: Operands, to: Value, a: Value, k: Value): void {
  const floats = floatShape(to, "scale");
  const single = to.type === "float32";
  const [int, fraction, bias] = single ? (["int32", 23, 127] as const) : (["int64", 52, 1023] as const);
  const whole = { ...to, type: int } satisfies Value;
  const ints = shapeOf(whole);
  if (isFloatShape(ints)) throw new InternalError(`scale of ${to.type}`);
  const count = (n: number) => o.pushConstant({ type: isVector(to) ? "int32" : int, lanes: 1 }, n);
  const reinterpreted = (opcode: Opcode) => {
    if (!isVector(to)) o.writer.emit(opcode);
  };
  const power = () => {
    count(fraction);
    o.writer.emit(named(ints, "shl"));
    reinterpreted(single ? "f32.reinterpret_i32" : "f64.reinterpret_i64");
    o.writer.emit(named(floats, "mul"));
  };
  const [both, half] = [o.writer.take(localType(whole)), o.writer.take(localType(whole))];
  o.push(a);
  o.push(k);
  o.pushConstant(to, 1.5 * 2 ** fraction + 2 * bias);
  o.writer.emit(named(floats, "add"));
  reinterpreted(single ? "i32.reinterpret_f32" : "i64.reinterpret_f64");
  o.writer.emit("local.tee", both);
  count(1);
  o.writer.emit(named(ints, "shr_u"));
  o.writer.emit("local.tee", half);
  power();
  o.writer.emit("local.get", both);
  o.writer.emit("local.get", half);
  o.writer.emit(named(ints, "sub"));
  power();
  o.writer.give(both);
  o.writer.give(half);
}

function extreme(o: Operands, name: "max" | "min", to: Value, args: readonly Value[]): void {
  const shape = shapeOf(to);
  if (shape === "f32x4" || shape === "f64x2") extremeLanes(o, name, shape, to, args);
  else if (isFloatShape(shape)) all(o, args, named(shape, name));
  else if (to.type !== "int32") throw new InternalError(`${name} of ${to.type}`);
  else if (shape === "i32x4") all(o, args, named(shape, `${name}_s`));
  else {
    inLocals(o, args, ([a, b]) => {
      for (const local of [a, b, a, b]) o.writer.emit("local.get", local);
      o.writer.emit(name === "max" ? "i32.gt_s" : "i32.lt_s");
      o.writer.emit("select");
    });
  }
}

/**
 * Of a vector and a known number. `pmax` and `pmin` give the first operand where either is NaN, or both are zeros; they
 * are one instruction of a processor, where engines make eight of `max`.
 */
function extremeLanes(
  o: Operands,
  name: "max" | "min",
  shape: "f32x4" | "f64x2",
  to: Value,
  args: readonly Value[],
): void {
  const [x, known] = o.constantOf(args[0]) === undefined ? args : [args[1], args[0]];
  const number = o.constantOf(known);
  if (number === undefined || Number.isNaN(number) || Object.is(number, -0)) {
    all(o, args, named(shape, name));
    return;
  }
  all(o, [x, known], named(shape, `p${name}`));
  if (name !== "max" || number !== 0) return;
  // The larger of a negative zero and zero is zero.
  o.pushConstant(to, 0);
  o.writer.emit(named(shape, "add"));
}

function order(o: Operands, name: "lt" | "le", args: readonly Value[]): void {
  const shape = shapeOf(args[0]);
  if (isMask(args[0].type)) throw new InternalError(`${name} of masks`);
  all(o, args, isFloatShape(shape) ? named(shape, name) : named(shape, `${name}_s`));
}

function shift(o: Operands, name: "shl" | "shr_u", to: Value, [a, count]: readonly Value[]): void {
  const shape = shapeOf(to);
  if (isFloatShape(shape) || isMask(to.type)) throw new InternalError(`shift of ${to.type}`);
  const fixed = o.constantOf(count);
  if (fixed !== undefined) {
    o.push(a);
    // A vector takes its count as an i32, a scalar in its own type.
    o.pushConstant({ type: isVectorShape(shape) ? "int32" : to.type, lanes: 1 }, fixed);
    o.writer.emit(named(shape, name));
  } else if (to.type === "int64") {
    throw new InternalError("int64 shifted by a count that is no constant");
  } else if (isVectorShape(shape)) shiftLanes(o, name, a, count);
  else all(o, [a, count], named(shape, name));
}

/** A vector instruction has one count for all lanes. */
function shiftLanes(o: Operands, name: "shl" | "shr_u", a: Value, count: Value): void {
  inLocals(o, [a, count], ([value, counts]) => {
    o.writer.emit("local.get", value);
    for (let lane = 0; lane < 4; lane++) {
      o.writer.emit("local.get", value);
      o.writer.emit("i32x4.extract_lane", lane);
      o.writer.emit("local.get", counts);
      o.writer.emit("i32x4.extract_lane", lane);
      o.writer.emit(`i32.${name}`);
      o.writer.emit("i32x4.replace_lane", lane);
    }
  });
}

function lanesOpcode(a: Value, name: "add" | "max"): Opcode {
  const shape = shapeOf(a);
  if (isMask(a.type)) throw new InternalError(`lanes of a ${a.type} are combined`);
  if (name === "add") return named(shape, "add");
  if (isFloatShape(shape)) return named(shape, "max");
  if (a.type === "int64") throw new InternalError("max of int64");
  return "i32x4.max_s";
}

/** Lanes of two vectors in turn, beginning at the first or the second half. */
function zip(o: Operands, args: readonly Value[], half: 0 | 1): void {
  const width = widthOf(args[0].type);
  const lane = (i: number) => 8 * half + width * (i >> 1) + 16 * (i & 1);
  for (const a of args) o.push(a);
  o.writer.emit(
    "i8x16.shuffle",
    Uint8Array.from({ length: 16 }, (_, i) => lane(Math.floor(i / width)) + (i % width)),
  );
}

/** Halves the vector until one lane is left: with four lanes (0 + 2) + (1 + 3). */
function combineLanes(o: Operands, a: Value, opcode: Opcode): void {
  o.push(a);
  const shape = shapeOf(a);
  if (!isVectorShape(shape)) return;
  const half = o.writer.take("v128");
  for (let bytes = 8; bytes >= widthOf(a.type); bytes /= 2) {
    o.writer.emit("local.tee", half);
    o.writer.emit("local.get", half);
    o.writer.emit("local.get", half);
    o.writer.emit(
      "i8x16.shuffle",
      Uint8Array.from({ length: 16 }, (_, i) => (i + bytes) % 16),
    );
    o.writer.emit(opcode);
  }
  o.writer.give(half);
  o.writer.emit(named(shape, "extract_lane"), 0);
}
