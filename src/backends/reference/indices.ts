import { sizeOf } from "../../graph/shape.ts";

/** Calls `visit` with every index of `shape` in row-major order. */
export function eachIndex(shape: readonly number[], visit: (index: number[], flat: number) => void): void {
  const size = sizeOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  for (let flat = 0; flat < size; flat++) {
    visit(index, flat);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
}

export function dot(index: readonly number[], strides: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < strides.length; i++) sum += strides[i] * index[i];
  return sum;
}

/** Sizes before the axis, after it, and a clamp to its range. */
export function around(shape: readonly number[], axis: number) {
  const after = sizeOf(shape.slice(axis + 1));
  const clamp = (i: number) => Math.max(0, Math.min(shape[axis] - 1, i));
  return { before: sizeOf(shape.slice(0, axis)), size: shape[axis], after, clamp };
}
