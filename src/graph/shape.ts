import { bytesOf, type DType } from "./dtype.ts";
import { PondusError } from "./errors.ts";

/** Shapes are plain lists of sizes, outermost first; all arrays are row-major. */
export type Shape = readonly number[];

/** What is known of a tensor before anything runs. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Checks what was given as a shape, or as sizes of one.
 *
 * @throws `shape.size` unless all sizes are whole numbers from 0
 */
export function requireShape(what: string, shape: Shape): void {
  for (const n of shape) {
    if (Number.isSafeInteger(n) && n >= 0) continue;
    throw new PondusError(
      "shape.size",
      `${what}: ${formatShape(shape)} is no shape; sizes must be whole numbers from 0, but one is ${n}.`,
    );
  }
}

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

/** What a tensor's elements take. */
export function bytesIn({ shape, dtype }: TensorType): number {
  return sizeOf(shape) * bytesOf[dtype];
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

/** The common shape of two operands under the usual broadcasting rule, or undefined when there is none. */
export function broadcast(a: Shape, b: Shape): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const n = a[a.length - i] ?? 1;
    const m = b[b.length - i] ?? 1;
    if (n !== m && n !== 1 && m !== 1) return undefined;
    out[rank - i] = n === 1 ? m : n;
  }
  return out;
}

/** Turns an axis counted from either end into one counted from the front; undefined when out of range. */
export function normalAxis(axis: number, rank: number): number | undefined {
  const a = axis < 0 ? axis + rank : axis;
  return Number.isInteger(a) && a >= 0 && a < rank ? a : undefined;
}
