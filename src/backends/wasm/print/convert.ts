import type { LoopType, Value } from "../../../compiler/ir/loop.ts";
import { InternalError } from "../../../graph/errors.ts";
import type { Opcode } from "../module/opcodes.ts";
import { isFloatShape, isMask, isVector, shapeOf, widthOf } from "../module/types.ts";
import type { Operands } from "./operands.ts";

type Pair = `${LoopType} to ${LoopType}`;

/** Conversions of numbers that are one instruction. */
const scalarOpcodes: { readonly [P in Pair]?: Opcode } = {
  "float32 to float64": "f64.promote_f32",
  "float64 to float32": "f32.demote_f64",
  "int32 to float32": "f32.convert_i32_s",
  "int32 to float64": "f64.convert_i32_s",
  "float32 to int32": "i32.trunc_sat_f32_s",
  "float64 to int32": "i32.trunc_sat_f64_s",
};

const vectorOpcodes: { readonly [P in Pair]?: Opcode } = {
  "int32 to float32": "f32x4.convert_i32x4_s",
  "float32 to int32": "i32x4.trunc_sat_f32x4_s",
};

export function convert(o: Operands, to: Value, a: Value): void {
  // Both vectors have 16 bytes, so a change of width would be a change of lanes.
  if (isVector(to) && widthOf(to.type) !== widthOf(a.type)) throw notConvertible(a, to);
  o.push(a);
  if (a.type === to.type) return;
  if (isMask(a.type)) {
    convertMask(o, to, a);
    return;
  }
  const opcode = (isVector(to) ? vectorOpcodes : scalarOpcodes)[`${a.type} to ${to.type}`];
  if (!opcode) throw notConvertible(a, to);
  o.writer.emit(opcode);
}

/** What is on the stack, to another mask or to 0 and 1. */
function convertMask(o: Operands, to: Value, a: Value): void {
  if (isMask(to.type)) return;
  const shape = shapeOf(to);
  if (to.type === "int64") throw notConvertible(a, to);
  if (!isVector(to)) {
    if (isFloatShape(shape)) o.writer.emit(shape === "f32" ? "f32.convert_i32_s" : "f64.convert_i32_s");
  } else if (isFloatShape(shape)) {
    o.pushConstant(to, 1);
    o.writer.emit("v128.and");
  } else {
    o.writer.emit("i32x4.neg");
  }
}

const reinterpretations: { readonly [From in LoopType]?: { readonly [To in LoopType]?: Opcode } } = {
  float32: { int32: "i32.reinterpret_f32" },
  int32: { float32: "f32.reinterpret_i32" },
  float64: { int64: "i64.reinterpret_f64" },
  int64: { float64: "f64.reinterpret_i64" },
};

/** The same bits as another type; a vector has none. */
export function reinterpret(o: Operands, to: Value, a: Value): void {
  const opcode = reinterpretations[a.type]?.[to.type];
  if (!opcode) throw notConvertible(a, to);
  o.push(a);
  if (!isVector(to)) o.writer.emit(opcode);
}

function notConvertible(a: Value, to: Value): InternalError {
  return new InternalError(`no way from ${a.lanes} x ${a.type} to ${to.lanes} x ${to.type}`);
}
