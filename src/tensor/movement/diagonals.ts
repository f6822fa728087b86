import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import { axisOf, positions, requireWhole } from "../operands.ts";
import { Indexing } from "./indexing.ts";

/** Diagonals and triangles of matrices. Diagonal number k lies k places right of the main one. */
export abstract class Diagonals<T extends Diagonals<T>> extends Indexing<T> {
  /** Diagonal `offset` of the matrices along two axes, as one axis at the end, as `numpy.diagonal`. */
  diagonal(offset = 0, axis1 = 0, axis2 = 1): T {
    const [a, b] = [axisOf("diagonal", this.node, axis1), axisOf("diagonal", this.node, axis2)];
    if (a === b) {
      throw new PondusError(
        "shape.axis",
        `diagonal: axes ${axis1} and ${axis2} of ${this.described()} are the same one.`,
      );
    }
    requireWhole("diagonal: the offset", offset, Number.NEGATIVE_INFINITY);
    const others = this.shape.flatMap((_, axis) => (axis === a || axis === b ? [] : [axis]));
    const [rows, columns] = [this.shape[a], this.shape[b]];
    const [down, right] = [Math.max(-offset, 0), Math.max(offset, 0)];
    const length = Math.max(0, Math.min(rows - down, columns - right));
    const along = this.of(make("iota", [], { length }));
    const place = along.mul(columns + 1).add(down * columns + right);
    const shape = others.map((axis) => this.shape[axis]);
    return this.permute([...others, a, b])
      .reshape([...shape, rows * columns])
      .gather(length === 0 ? along : place, others.length);
  }
  /** Of a matrix its diagonal `offset`; of a vector the square matrix with that diagonal, and 0 elsewhere, as `numpy.diag`. */
  diag(offset = 0): T {
    requireWhole("diag: the offset", offset, Number.NEGATIVE_INFINITY);
    if (this.rank === 2) return this.diagonal(offset);
    if (this.rank !== 1) {
      throw new PondusError(
        "shape.rank",
        `diag takes a vector or a matrix, but ${this.described()} has ${this.rank} axes; use diagonal.`,
      );
    }
    // Row i of the matrix is where entry i of the diagonal stands, or none does.
    const rows = this.padAxis(Math.max(-offset, 0), Math.max(offset, 0), 0);
    const square = rows.unsqueeze(1).expand([rows.size, rows.size]);
    const right = this.of(positions(square.shape, 1)).sub(this.of(positions(square.shape, 0)));
    return right.eq(offset).where(square, 0);
  }
  /** Sum of the diagonal `offset` of the matrices along two axes. */
  trace(offset = 0, axis1 = 0, axis2 = 1): T {
    return this.diagonal(offset, axis1, axis2).sum(-1);
  }
  /** The last two axes' entries up to diagonal k, and 0 (or false) above it. */
  tril(k = 0): T {
    return this.#triangle("tril", k, (right) => right.le(k));
  }
  /** The last two axes' entries from diagonal k on, and 0 (or false) below it. */
  triu(k = 0): T {
    return this.#triangle("triu", k, (right) => right.ge(k));
  }

  #triangle(what: string, k: number, inside: (right: T) => T): T {
    requireWhole(`${what}: the diagonal`, k, Number.NEGATIVE_INFINITY);
    const [rows, columns] = [axisOf(what, this.node, -2), axisOf(what, this.node, -1)];
    const right = this.of(positions(this.shape, columns)).sub(this.of(positions(this.shape, rows)));
    return inside(right).where(this.of(this.node), 0);
  }
}
