import { type DType, isFloat } from "../../graph/dtype.ts";
import { InternalError } from "../../graph/errors.ts";
import { Builder } from "../ir/builder.ts";
import type { Axis, Kernel, Running } from "../ir/kernel.ts";
import type { Index, Machine, Routine, Value } from "../ir/loop.ts";
import { apply } from "../math/apply.ts";
import { accumulate, type Change, merge } from "./accumulate.ts";
import { fetchAhead, fetchRow, inRows } from "./fetch.ts";
import { workOf } from "./parallel.ts";
import { begin, put, take } from "./partial-sums.ts";
import { cut, cutVectors, nest, overPieces, type Piece } from "./pieces.ts";
import { PointWriter, type Shift } from "./point-writer.ts";
import { type Tiling, tile } from "./tile.ts";

/** Writes a kernel's loops, cut as `tile` says, in the loop language. */
export function emit(
  kernel: Kernel,
  name: string,
  indices: readonly Index[],
  machine: Machine,
  fresh: () => Index,
): Routine {
  const b = new Builder(fresh);
  const tiling = tile(kernel, machine);
  if (kernel.running) emitRunning(b, kernel, kernel.running, tiling, machine);
  else if (tiling.mode === "row") emitRows(b, kernel, tiling, fresh);
  else emitColumns(b, kernel, tiling, machine, fresh);
  const body = b.finish();
  return { name, indices, body, parts: 1, work: workOf(body) };
}

/** Rows left over are few where so many times as many are in whole tiles. */
const fewLeft = 32;

/** Every lane is a point of its own. Elementwise kernels and kernels in scalar mode come here too. */
function emitColumns(b: Builder, given: Kernel, tiling: Tiling, machine: Machine, fresh: () => Index): void {
  const { vector, rowAxis, rows } = tiling;
  const { kernel, row: ahead } = inRows(given, rowAxis, rows, fresh);
  const outer = kernel.axes.filter((axis) => axis !== vector && axis !== rowAxis);
  const columnPieces = vector ? cutVectors(vector, tiling, kernel, machine) : [];
  const single = vector ? cutVectors(vector, { ...tiling, columns: 1 }, kernel, machine) : [];
  const order = kernel.scatter ? "in order" : "independent";
  nest(b, outer, order, () => {
    overPieces(b, rowAxis, rowAxis ? cut(0, rowAxis.size, 1, rows) : [], order, (row) => {
      // Rows that are left over from many are a matter of code alone: vector by vector they are least of it.
      const few = row.count < rows && rowAxis !== undefined && fewLeft * row.count <= rowAxis.size;
      overPieces(b, vector, few ? single : columnPieces, order, (column) =>
        emitTile(b, kernel, tiling, row, column, fresh, ahead),
      );
    });
  });
}

function emitTile(
  b: Builder,
  kernel: Kernel,
  { vector, rowAxis, unrolled }: Tiling,
  row: Piece,
  column: Piece,
  fresh: () => Index,
  ahead: Axis | undefined,
): void {
  const points = tilePoints(rowAxis, row, vector, column);
  const square = row.count === column.lanes && column.lanes > 1 ? rowAxis?.index : undefined;
  const scope = { vector: vector?.index, lanes: column.lanes, square };
  const { reduction } = kernel;
  const inner = reduction?.axes[reduction.axes.length - 1];
  const span = { from: 0, to: inner?.size ?? 1, lanes: 1, unrolled };
  if (!reduction && vector) fetchAhead(b, kernel, points, vector);
  const ask = rowAxis && ahead ? (change: Change) => fetchRow(b, kernel, points, rowAxis, ahead, change) : undefined;
  const totals = reduction && accumulate(b, reduction, inner, span, points, scope, fresh, ask);
  const writer = new PointWriter(b, scope);
  points.forEach((shift, k) => storePoint(kernel, writer, shift, totals?.[k]));
}

/** The points of a tile, as shifts from where the loops stand. */
function tilePoints(rowAxis: Axis | undefined, row: Piece, columnAxis: Axis | undefined, column: Piece): Shift[] {
  const points: Shift[] = [];
  for (let i = 0; i < row.count; i++) {
    for (let j = 0; j < column.count; j++) {
      const shift = new Map<Index, number>();
      if (rowAxis && i > 0) shift.set(rowAxis.index, i * row.lanes);
      if (columnAxis && j > 0) shift.set(columnAxis.index, j * column.lanes);
      points.push(shift);
    }
  }
  return points;
}

/** Lanes are partial totals of one point; they are added up before the epilogue, which is scalar. */
function emitRows(b: Builder, kernel: Kernel, tiling: Tiling, fresh: () => Index): void {
  const { vector, lanes, rowAxis, rows, columnAxis, columns, unrolled } = tiling;
  const { reduction } = kernel;
  if (!reduction || !vector) throw new InternalError("row mode needs a reduction");
  const outer = kernel.axes.filter((axis) => axis !== rowAxis && axis !== columnAxis);
  const rowPieces = rowAxis ? cut(0, rowAxis.size, 1, rows) : [];
  const columnPieces = columnAxis ? cut(0, columnAxis.size, 1, columns) : [];
  const whole = vector.size - (vector.size % lanes);
  const vectors = { from: 0, to: whole, lanes, unrolled };
  const rest = { from: whole, to: vector.size, lanes: 1, unrolled: 1 };
  const single = { vector: undefined, lanes: 1 };
  nest(b, outer, "independent", () => {
    overPieces(b, rowAxis, rowPieces, "independent", (row) => {
      overPieces(b, columnAxis, columnPieces, "independent", (column) => {
        const points = tilePoints(rowAxis, row, columnAxis, column);
        const scope = { vector: vector.index, lanes };
        const partial = accumulate(b, reduction, vector, vectors, points, scope, fresh);
        const across = partial.map((total) => b.op(reduction.op === "sum" ? "sumLanes" : "maxLanes", total));
        const left = whole < vector.size ? accumulate(b, reduction, vector, rest, points, single, fresh) : [];
        const writer = new PointWriter(b, single);
        points.forEach((shift, k) => {
          const total = left.length > 0 ? merge(b, reduction, [across[k], left[k]]) : across[k];
          storePoint(kernel, writer, shift, total);
        });
      });
    });
  });
}

/** Points whose totals run side by side, each in a register of its own. */
const runningColumns = 4;

/** Every lane is a point of its own, with a total that goes along the running axis. */
function emitRunning(b: Builder, kernel: Kernel, running: Running, given: Tiling, machine: Machine): void {
  const { vector } = given;
  const { op, axis, start, factor, term } = running;
  const columns = vector ? Math.max(1, Math.min(runningColumns, Math.floor(vector.size / given.lanes))) : 1;
  const pieces = vector ? cutVectors(vector, { ...given, columns }, kernel, machine) : [];
  const outer = kernel.axes.filter((other) => other !== vector);
  const single: Piece = { from: 0, to: 1, lanes: 1, count: 1 };
  nest(b, outer, "independent", () => {
    overPieces(b, vector, pieces, "independent", (column) => {
      const points = tilePoints(undefined, single, vector, column);
      const scope = { vector: vector?.index, lanes: column.lanes };
      const before = new PointWriter(b, scope);
      const isSum = op === "sum" && !factor && isFloat(start.dtype);
      const totals = points.map((shift) => begin(b, before.value(start, shift), isSum));
      b.loop(axis.index, 0, axis.size, 1, false, () => {
        const writer = new PointWriter(b, scope);
        points.forEach((shift, k) => {
          const [by, more] = [factor, term].map((s) => s && writer.value(s, shift));
          const { sum } = totals[k];
          if (isSum) put(b, totals[k], more as Value);
          else b.assign(sum, step(b, op, start.dtype, sum, by, more));
          storePoint(kernel, writer, shift, take(b, totals[k]));
        });
      });
    });
  });
}

/** A running total after one more step. */
function step(b: Builder, op: Running["op"], dtype: DType, total: Value, factor?: Value, term?: Value): Value {
  if (op === "max") return apply(b, "maximum", [total, term as Value], dtype);
  if (factor && term && isFloat(dtype)) return b.op("fma", factor, total, term);
  const product = factor ? apply(b, "mul", [factor, total], dtype) : total;
  return term ? apply(b, "add", [product, term], dtype) : product;
}

function storePoint(kernel: Kernel, writer: PointWriter, shift: Shift, total: Value | undefined): void {
  // All values are computed before any is stored: a store may overwrite what another value reads at this point.
  const values = kernel.stores.map((s) => writer.value(s.value, shift, total));
  const { stores, scatter } = kernel;
  if (scatter === "addExactly") writer.addExactly(stores[0], stores[1], values[0], shift);
  else stores.forEach((s, i) => writer.store(s, values[i], shift, scatter));
}
