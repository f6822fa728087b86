import { ops } from "../../graph/ops.ts";
import type { Axis, Kernel, Scalar } from "../ir/kernel.ts";
import { eachScalar, operandsOf, scalarsOf } from "../ir/kernel.ts";
import { type Affine, type Index, type Machine, scaleOf } from "../ir/loop.ts";
import { isWidened } from "../math/apply.ts";
import { liesAlong } from "./point-writer.ts";

/**
 * How a kernel's loops are cut.
 *
 * - `lanes`: elements in a vector; 1 for a scalar kernel.
 * - `vector`: the axis along which a vector lies: one of the kernel's own ("column": every lane is a point) or one of the
 *   reduction's ("row": lanes are partial totals of one point, added up at the end).
 * - `rows`, `columns`: the register tile; `rows` points along `rowAxis` times `columns` vectors (column mode) or points
 *   (row mode) along `columnAxis` are computed together, so that each operand that is loaded is used several times.
 */
export interface Tiling {
  readonly mode: "column" | "row";
  readonly lanes: number;
  readonly vector: Axis | undefined;
  readonly rowAxis: Axis | undefined;
  readonly rows: number;
  readonly columnAxis: Axis | undefined;
  readonly columns: number;
  /** Iterations of the innermost reduction loop taken at a time, each into an accumulator of its own. */
  readonly unrolled: number;
}

/** Sums that do not wait for each other, enough to hide the latency of an addition. */
const independentSums = 8;

function unrollFor(accumulators: number, length: number): number {
  return length < 4 ? 1 : Math.max(1, Math.min(4, Math.floor(independentSums / accumulators)));
}

/** From so many terms on a sum reads more than the first cache holds, and pays for every row that a tile has not. */
const longSum = 512;

/** Vectors side by side in a register tile. */
export const tileColumns = 2;

/** Chooses a tiling from the shape of the loops, the strides of the loads, and the machine's registers. */
export function tile(kernel: Kernel, machine: Machine): Tiling {
  const scalar: Tiling = {
    mode: "column",
    lanes: 1,
    vector: undefined,
    rowAxis: undefined,
    rows: 1,
    columnAxis: undefined,
    columns: 1,
    unrolled: 1,
  };
  const widest = lanesOf(kernel, machine);
  if (kernel.scatter || widest === 1) return scalar;
  const inner = kernel.axes[kernel.axes.length - 1];
  const loop = kernel.reduction?.axes[kernel.reduction.axes.length - 1];
  const fits = (axis: Axis | undefined) => axis !== undefined && lanesFor(axis.size, widest, kernel, machine) > 1;
  const columnWise = inner !== undefined && fits(inner) && canVectorise(kernel, inner.index, "column");
  const rowWise = loop !== undefined && fits(loop) && canVectorise(kernel, loop.index, "row");
  if (columnWise && !(rowWise && strided(kernel, inner.index))) return columnTile(kernel, inner, widest, machine);
  if (rowWise && !strided(kernel, loop.index)) return rowTile(kernel, loop, widest, machine);
  if (columnWise) return columnTile(kernel, inner, widest, machine);
  return scalar;
}

/** Lanes of a full vector, given the widest element in the kernel; 1 where the backend cannot mix widths. */
function lanesOf(kernel: Kernel, machine: Machine): number {
  let [wide, narrow, scalarOnly] = [false, false, false];
  /** Bools made of constants alone: as masks they are as narrow as can be, though a mere constant fits any width. */
  const constant = new Set<Scalar>();
  for (const s of scalarsOf(kernel)) {
    if (s.dtype === "bool" && s.kind !== "load" && operandsOf(s).every((x) => constant.has(x))) {
      constant.add(s);
      if (s.kind !== "constant") narrow = true;
    }
    if (s.dtype === "float64") wide = true;
    else if (s.dtype !== "bool" || s.kind === "load") narrow = true;
    if (s.kind === "apply" && isWidened(s.op, s.dtype)) wide = true;
    if (s.kind === "apply" && s.op === "mod" && s.dtype === "int32") scalarOnly = true;
  }
  for (const s of kernel.stores) if (s.value.dtype === "bool") narrow = true;
  if (scalarOnly || (wide && narrow && !machine.mixedWidths)) return 1;
  return machine.vectorBytes / (wide ? 8 : 4);
}

/** The largest vector, down to 16 bytes, that is not longer than an axis; else 1. */
export function lanesFor(size: number, widest: number, kernel: Kernel, machine: Machine): number {
  const elementBytes = machine.vectorBytes / Math.max(widest, lanesOf(kernel, machine));
  for (let lanes = widest; lanes * elementBytes >= 16 && lanes > 1; lanes /= 2) if (lanes <= size) return lanes;
  return 1;
}

function dependsOn(s: Scalar, index: Index): boolean {
  const varies = (a: Affine) => scaleOf(a, index) !== 0;
  if (s.kind === "position" && varies(s.at)) return true;
  if (s.kind === "load" && (varies(s.at) || s.guards.some((g) => varies(g.at)))) return true;
  if (s.kind === "within" && s.guards.some((g) => varies(g.at))) return true;
  return operandsOf(s).some((x) => dependsOn(x, index));
}

/** False where lanes would need different guards or different looked-up positions. */
function canVectorise(kernel: Kernel, index: Index, mode: Tiling["mode"]): boolean {
  let fits = true;
  for (const s of mode === "row" ? termsOf(kernel) : scalarsOf(kernel)) {
    if (s.kind !== "load" && s.kind !== "within") continue;
    if (s.guards.some((g) => scaleOf(g.at, index) !== 0)) fits = false;
    if (s.kind === "load" && s.moving && dependsOn(s.moving.position, index)) fits = false;
  }
  if (mode === "column" && kernel.stores.some((s) => scaleOf(s.at, index) !== 1)) fits = false;
  return fits;
}

/** What is computed in the innermost loop: for every term of a reduction, or at every point where there is none. */
function termsOf(kernel: Kernel): readonly Scalar[] {
  if (!kernel.reduction) return scalarsOf(kernel);
  const found: Scalar[] = [];
  eachScalar([kernel.reduction.value], (s) => found.push(s));
  return found;
}

/** True when some load of the innermost loop would have to pick its lanes one by one. */
function strided(kernel: Kernel, index: Index): boolean {
  return termsOf(kernel).some((s) => {
    if (s.kind !== "load") return false;
    const step = scaleOf(s.at, index);
    return step !== 0 && step !== 1;
  });
}

/** True when a square of both axes can be read along `other` and transposed in registers. */
function transposes(kernel: Kernel, vector: Index, other: Index): boolean {
  if (vector === other) return false;
  return scalarsOf(kernel).some((s) => s.kind === "load" && liesAlong(s, other, scaleOf(s.at, vector)));
}

/** Loads of the reduction that do not vary along an axis, so that points along it can share them. */
function shares(kernel: Kernel, index: Index): boolean {
  if (!kernel.reduction) return false;
  return termsOf(kernel).some((s) => s.kind === "load" && scaleOf(s.at, index) === 0 && !s.moving);
}

/** Cuts an axis into equal pieces of at most `most`: exactly, where a number not much smaller does, as one piece is less code. */
function balanced(size: number, most: number): number {
  const even = Math.ceil(size / Math.ceil(size / Math.max(1, most)));
  for (let n = even; 3 * n >= 2 * most; n--) if (size % n === 0) return n;
  return even;
}

function columnTile(kernel: Kernel, vector: Axis, widest: number, machine: Machine): Tiling {
  const lanes = lanesFor(vector.size, widest, kernel, machine);
  const base = { mode: "column", lanes, vector, columnAxis: vector } as const;
  if (!kernel.reduction) {
    const rowAxis = kernel.axes.find((axis) => axis.size >= lanes && transposes(kernel, vector.index, axis.index));
    return { ...base, rowAxis, rows: rowAxis ? lanes : 1, columns: 1, unrolled: 1 };
  }
  const length = kernel.reduction.axes[kernel.reduction.axes.length - 1]?.size ?? 1;
  const vectors = Math.floor(vector.size / lanes);
  const rowAxis = kernel.axes
    .slice(0, -1)
    .reverse()
    .find((axis) => shares(kernel, axis.index));
  if (!rowAxis) {
    const columns = Math.min(vectors, 4);
    return { ...base, rowAxis, rows: 1, columns, unrolled: unrollFor(columns, length) };
  }
  const columns = Math.min(vectors, tileColumns);
  // An epilogue that costs more than the sum gains nothing from many rows, and is written out for each of them.
  const wanted = epilogueCost(kernel) > length ? 6 : 12;
  const most = Math.min(wanted, Math.floor((machine.registers - columns - 2) / columns));
  const rows = length < longSum ? balanced(rowAxis.size, most) : Math.min(rowAxis.size, most);
  return { ...base, rowAxis, rows, columns, unrolled: unrollFor(rows * columns, length) };
}

/** Operations after the sum, at one point. */
function epilogueCost({ stores }: Kernel): number {
  let cost = 0;
  eachScalar(
    stores.map((s) => s.value),
    (s) => {
      if (s.kind === "apply") cost += ops[s.op].flops;
    },
  );
  return cost;
}

function rowTile(kernel: Kernel, vector: Axis, widest: number, machine: Machine): Tiling {
  const lanes = lanesFor(vector.size, widest, kernel, machine);
  const [columnAxis, rowAxis] = [...kernel.axes].reverse();
  const rows = rowAxis ? balanced(rowAxis.size, machine.registers >= 32 ? 4 : 2) : 1;
  const columns = columnAxis ? balanced(columnAxis.size, 4) : 1;
  return {
    mode: "row",
    lanes,
    vector,
    rowAxis,
    rows,
    columnAxis,
    columns,
    unrolled: unrollFor(rows * columns, Math.floor(vector.size / lanes)),
  };
}
