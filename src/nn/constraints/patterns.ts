import { PondusError } from "../../graph/errors.ts";
import { formatShape, type Shape } from "../../graph/shape.ts";

/**
 * Says which entries of a weight are one number: those with equal keys. An entry without a key stays as it is.
 *
 * @param index  the entry's position along each axis
 * @param shape  the weight's shape
 */
export type Pattern = (index: number[], shape: Shape) => number | string | undefined;

/** A pattern of matrices. Throws `constraint.pattern` for weights of another rank. */
function ofMatrices(name: string, key: (i: number, j: number, rows: number, columns: number) => number): Pattern {
  return ([i, j], shape) => {
    if (shape.length === 2) return key(i, j, shape[0], shape[1]);
    throw new PondusError(
      "constraint.pattern",
      `tie: ${name} is a pattern of matrices, and this weight is ${formatShape(shape)}; give a function from an entry's index to its key.`,
    );
  };
}

/** One number for each diagonal: what a convolution is, as a matrix. */
export const toeplitz: Pattern = ofMatrices("toeplitz", (i, j, rows) => j - i + rows);

/** One number for each diagonal, those that leave on one side coming in on the other. */
export const circulant: Pattern = ofMatrices(
  "circulant",
  (i, j, _, columns) => (((j - i) % columns) + columns) % columns,
);

/** w[i, j] = w[j, i]. */
export const symmetric: Pattern = ofMatrices(
  "symmetric",
  (i, j, rows, columns) => Math.min(i, j) * Math.max(rows, columns) + Math.max(i, j),
);

/** All rows are one row. */
export const sharedRows: Pattern = ofMatrices("sharedRows", (_, j) => j);

/** All columns are one column. */
export const sharedColumns: Pattern = ofMatrices("sharedColumns", (i) => i);

/**
 * Blocks of equal numbers, beginning at the first entry; those at the ends may be smaller.
 *
 * @param block  the size of a block along each axis
 */
export function blockEqual(...block: readonly number[]): Pattern {
  return (index, shape) => {
    if (block.length === shape.length && block.every((n) => Number.isInteger(n) && n > 0)) {
      return index.map((i, axis) => Math.floor(i / block[axis])).join();
    }
    throw new PondusError(
      "constraint.pattern",
      `tie: blockEqual(${block.join(", ")}) does not fit a weight ${formatShape(shape)}; it takes a whole number from 1 for each axis.`,
    );
  };
}
