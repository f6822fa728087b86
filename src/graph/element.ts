import { type DType, isFloat, type TypedArray } from "./dtype.ts";
import { PondusError } from "./errors.ts";

/**
 * A number from outside as an element of a type. A bool is 0 or 1: every number but 0 counts as 1, NaN included, as in
 * NumPy. An int32 is the number itself. (A float is rounded by the array that holds it.)
 *
 * @param what   what the number is, for an error
 * @param entry  its place there, for an error
 * @throws `dtype.fraction` and `dtype.range` where int32 cannot hold the number
 */
export function element(x: number, dtype: DType, what: string, entry?: number): number {
  if (isFloat(dtype)) return x;
  if (dtype === "bool") return Number(x) === 0 ? 0 : 1;
  if ((x | 0) === x) return x | 0;
  const came = `${what}${entry === undefined ? "" : `, entry ${entry},`} is ${x}`;
  throw Number.isInteger(x)
    ? new PondusError("dtype.range", `${came}, but int32 holds -2147483648 to 2147483647; use float64.`)
    : new PondusError("dtype.fraction", `${came}, but int32 holds whole numbers; round it, or use a float type.`);
}

/**
 * Writes numbers from outside into an array of a type.
 *
 * @param what  what is filled, for an error
 * @throws `dtype.fraction` and `dtype.range` where int32 cannot hold a number
 */
export function fill(place: TypedArray, values: ArrayLike<number>, dtype: DType, what: string): void {
  // An array of the type itself holds only what the type can, but bools lie in one of int32.
  if (isFloat(dtype) || (dtype === "int32" && values instanceof Int32Array)) place.set(values);
  else for (let i = 0; i < place.length; i++) place[i] = element(values[i], dtype, what, i);
}
