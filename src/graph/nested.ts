import { PondusError } from "./errors.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "./shape.ts";

/** Numbers, or bools for 1 and 0, nested as deep as an array has axes. */
export type Nested = number | boolean | readonly Nested[];

/**
 * The shape of nested lists of numbers.
 *
 * @param what  what they are for, at the beginning of a message
 * @throws `shape.ragged` when lists at one depth differ in length, `values.type` when an entry is no number
 */
export function nestedShape(what: string, values: unknown): number[] {
  if (!Array.isArray(values)) {
    refuseOther(what, values);
    return [];
  }
  if (values.length === 0) return [0];
  if (!Array.isArray(values[0])) {
    const odd = values.findIndex((x) => typeof x !== "number" && typeof x !== "boolean");
    if (odd >= 0 && !Array.isArray(values[odd])) refuseOther(`${what}, entry ${odd}`, values[odd]);
    if (odd >= 0) throw ragged(what, odd, nestedShape(what, values[odd]), []);
    return [values.length];
  }
  const first = nestedShape(what, values[0]);
  for (let i = 1; i < values.length; i++) {
    const shape = nestedShape(what, values[i]);
    if (!sameShape(shape, first)) throw ragged(what, i, shape, first);
  }
  return [values.length, ...first];
}

/**
 * Numbers in row-major order, after checking that they fit an array of that shape: nested lists of just that shape, or as
 * many numbers in one flat list or typed array, which has no shape of its own.
 *
 * @throws `shape.ragged`, `values.type`, `values.shape` when lists are nested otherwise, `values.size` when the count is another
 */
export function flatNumbers(what: string, values: unknown, shape: Shape): ArrayLike<number> {
  const flat = flatten(what, values, shape);
  if (flat.length === sizeOf(shape)) return flat;
  throw new PondusError(
    "values.size",
    `${what} is ${formatShape(shape)} and takes ${sizeOf(shape)} numbers, but ${flat.length} came.`,
  );
}

function flatten(what: string, values: unknown, shape: Shape): ArrayLike<number> {
  if (isNumbers(values)) return values;
  const came = nestedShape(what, values);
  if (came.length <= 1) return numbersIn(Array.isArray(values) ? values : [values]);
  if (!sameShape(came, shape)) {
    throw new PondusError(
      "values.shape",
      `${what} is ${formatShape(shape)}, but lists of ${formatShape(came)} came; nest them alike, or give one flat list.`,
    );
  }
  return numbersIn((values as unknown[]).flat(came.length) as (number | boolean)[]);
}

function numbersIn(values: (number | boolean)[]): number[] {
  return values.some((x) => typeof x === "boolean") ? values.map(Number) : (values as number[]);
}

/** Whether there are bools in nested lists, and nothing else. */
export function areBools(values: Nested): boolean {
  if (!Array.isArray(values)) return typeof values === "boolean";
  return values.length > 0 && values.every(areBools);
}

/** Whether it is a typed array of numbers: neither a DataView nor one of bigints, which no array here can hold. */
export function isNumbers(values: unknown): values is ArrayLike<number> & ArrayBufferView {
  // What runs are mostly given comes first: each look at a constructor takes as long as a small copy.
  if (values instanceof Float32Array || values instanceof Float64Array) return true;
  if (!ArrayBuffer.isView(values) || values instanceof DataView) return false;
  return !(values instanceof BigInt64Array || values instanceof BigUint64Array);
}

function refuseOther(what: string, value: unknown): void {
  if (typeof value === "number" || typeof value === "boolean") return;
  const name = typeof value === "object" && value ? (value.constructor?.name ?? "object") : `${value}`;
  throw new PondusError(
    "values.type",
    `${what}: numbers are expected, in nested lists or in a typed array, but ${name} came (${typeof value}).`,
  );
}

function ragged(what: string, odd: number, shape: Shape, first: Shape): PondusError {
  return new PondusError(
    "shape.ragged",
    `${what}: entry ${odd} is ${formatShape(shape)} where entry 0 is ${formatShape(first)}; all must be alike.`,
  );
}
