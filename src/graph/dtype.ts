/** Element types. `bool` is stored as a 32-bit 0 or 1, so that masks and numbers have one width in a vector. */
export type DType = "float32" | "float64" | "int32" | "bool";

export type TypedArray = Float32Array | Float64Array | Int32Array;

export const bytesOf: { readonly [D in DType]: number } = { float32: 4, float64: 8, int32: 4, bool: 4 };

export function isFloat(dtype: DType): dtype is "float32" | "float64" {
  return dtype === "float32" || dtype === "float64";
}

/** What no number of a type is smaller than. */
export const leastOf = (dtype: DType): number => (isFloat(dtype) ? Number.NEGATIVE_INFINITY : -(2 ** 31));

/** A zeroed array that holds `length` elements of `dtype`. */
export function allocate(dtype: DType, length: number): TypedArray {
  if (dtype === "float32") return new Float32Array(length);
  if (dtype === "float64") return new Float64Array(length);
  return new Int32Array(length);
}

/** A view of `length` elements of `dtype` on memory that the caller owns. */
export function viewOf(dtype: DType, memory: ArrayBufferLike, byteOffset: number, length: number): TypedArray {
  if (dtype === "float32") return new Float32Array(memory, byteOffset, length);
  if (dtype === "float64") return new Float64Array(memory, byteOffset, length);
  return new Int32Array(memory, byteOffset, length);
}
