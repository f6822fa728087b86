import type { LoopType, Value } from "../../../compiler/ir/loop.ts";
import { InternalError } from "../../../graph/errors.ts";
import type { ValueType } from "./module.ts";

/** What the name of an instruction begins with. */
export type Scalar = "i32" | "i64" | "f32" | "f64";
export type Vector = "i32x4" | "i64x2" | "f32x4" | "f64x2";
export type Shape = Scalar | Vector;

/** A mask in a scalar is an i32 0 or 1, whatever its width; in a vector its lanes are all zeros or all ones. */
const scalars: { readonly [T in LoopType]: Scalar } = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  int64: "i64",
  mask32: "i32",
  mask64: "i32",
};

const vectors: { readonly [T in LoopType]: Vector } = {
  float32: "f32x4",
  float64: "f64x2",
  int32: "i32x4",
  int64: "i64x2",
  mask32: "i32x4",
  mask64: "i64x2",
};

/** Bytes of an element in a vector or in memory. */
export function widthOf(type: LoopType): 4 | 8 {
  return type === "float64" || type === "int64" || type === "mask64" ? 8 : 4;
}

type Typed = Pick<Value, "type" | "lanes">;

export function isVector({ type, lanes }: Typed): boolean {
  if (lanes === 1) return false;
  if (lanes * widthOf(type) === 16) return true;
  throw new InternalError(`${lanes} lanes of ${type} are not a WebAssembly vector`);
}

export function shapeOf(value: Typed): Shape {
  return isVector(value) ? vectors[value.type] : scalars[value.type];
}

export function scalarShape(type: LoopType): Scalar {
  return scalars[type];
}

export function localType(value: Typed): ValueType {
  return isVector(value) ? "v128" : scalars[value.type];
}

const names = new Map<string, Map<string, string>>();

/** An instruction's whole name. Always the same string: an engine is slow to look one up that was just put together. */
export function named<S extends Shape | "v128", O extends string>(shape: S, operation: O): `${S}.${O}` {
  let known = names.get(shape);
  if (!known) {
    known = new Map();
    names.set(shape, known);
  }
  let name = known.get(operation);
  if (name === undefined) {
    name = `${shape}.${operation}`;
    known.set(operation, name);
  }
  return name as `${S}.${O}`;
}

export function isMask(type: LoopType): type is "mask32" | "mask64" {
  return type === "mask32" || type === "mask64";
}

export function isFloatShape(shape: Shape): shape is "f32" | "f64" | "f32x4" | "f64x2" {
  return shape[0] === "f";
}

export function isVectorShape(shape: Shape): shape is Vector {
  return shape.length === 5;
}
