import type { LoopType, Value } from "../../compiler/ir/loop.ts";

/** C's name of a scalar type; a scalar mask is an int, 0 or 1. */
export const scalarName: { readonly [T in LoopType]: string } = {
  float32: "float",
  float64: "double",
  int32: "int",
  int64: "long long",
  mask32: "int",
  mask64: "int",
};

const vectorStem: { readonly [T in LoopType]: string } = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  int64: "i64",
  mask32: "i32",
  mask64: "i64",
};

/** C's name of a value's type; a vector mask is an integer vector of 0 and -1. */
export function typeName({ type, lanes }: Pick<Value, "type" | "lanes">): string {
  return lanes === 1 ? scalarName[type] : `${vectorStem[type]}x${lanes}`;
}

/** The integer vector as wide as a type. */
export function bitsName({ type, lanes }: Pick<Value, "type" | "lanes">): string {
  return `${type === "float64" || type === "int64" || type === "mask64" ? "i64" : "i32"}x${lanes}`;
}

export function isMask(type: LoopType): boolean {
  return type === "mask32" || type === "mask64";
}

/** Declarations of the vector types of `lanes` lanes, and of the same with the alignment of a single element. */
export function declareVectors(lanes: number): string {
  const one = (name: string, element: string, bytes: number) =>
    `typedef ${element} ${name}x${lanes} __attribute__((vector_size(${bytes * lanes})));\n` +
    `typedef ${element} ${name}x${lanes}_at __attribute__((vector_size(${bytes * lanes}), aligned(${bytes}), may_alias));\n`;
  return [
    one("f32", "float", 4),
    one("f64", "double", 8),
    one("i32", "int", 4),
    one("i64", "long long", 8),
    one("u32", "unsigned", 4),
    one("u64", "unsigned long long", 8),
  ].join("");
}
