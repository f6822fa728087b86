import { InternalError } from "../graph/errors.ts";
import { apply, registerType } from "./apply.ts";
import { Builder, maskOf } from "./builder.ts";
import type { Axis, Guard, Kernel, Moving, Reduction, Scalar } from "./kernel.ts";
import { operandsOf } from "./kernel.ts";
import {
  type Affine,
  add,
  at,
  type Index,
  type Machine,
  type Place,
  type Routine,
  scaleOf,
  type Value,
} from "./loop.ts";
import { lanesFor, type Tiling, tile } from "./tile.ts";

/** Writes a kernel's loops, cut as `tile` says, in the loop language. */
export function emit(kernel: Kernel, name: string, indices: readonly Index[], machine: Machine): Routine {
  const b = new Builder();
  const tiling = tile(kernel, machine);
  if (tiling.mode === "row") emitRows(b, kernel, tiling);
  else emitColumns(b, kernel, tiling, machine);
  return { name, indices, body: b.finish() };
}

/** Consecutive turns of one axis that are written alike: `count` points (or vectors of `lanes`) at a time. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly lanes: number;
  readonly count: number;
}

function cut(size: number, lanes: number, count: number): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const take = (width: number, n: number) => {
    const to = from + Math.floor((size - from) / (width * n)) * width * n;
    if (to > from) pieces.push({ from, to, lanes: width, count: n });
    from = to;
  };
  take(lanes, count);
  const left = Math.floor((size - from) / lanes);
  if (left > 0) take(lanes, left);
  return pieces;
}

/** `cut`, and what is shorter than a vector in ever smaller ones, down to single elements. */
function cutVectors(axis: Axis, tiling: Tiling, kernel: Kernel, machine: Machine): Piece[] {
  const pieces = cut(axis.size, tiling.lanes, tiling.columns);
  let from = pieces.length > 0 ? pieces[pieces.length - 1].to : 0;
  while (from < axis.size) {
    const lanes = Math.min(lanesFor(axis.size - from, tiling.lanes, kernel, machine), tiling.lanes);
    const to = from + Math.floor((axis.size - from) / lanes) * lanes;
    pieces.push({ from, to, lanes, count: 1 });
    from = to;
  }
  return pieces;
}

/** Writes loops over `axes` around `inside`. */
function nest(b: Builder, axes: readonly Axis[], inside: () => void): void {
  const [first, ...rest] = axes;
  if (!first) inside();
  else b.loop(first.index, 0, first.size, 1, () => nest(b, rest, inside));
}

function overPieces(
  b: Builder,
  axis: Axis | undefined,
  pieces: readonly Piece[],
  inside: (piece: Piece) => void,
): void {
  if (!axis) inside({ from: 0, to: 1, lanes: 1, count: 1 });
  else for (const p of pieces) b.loop(axis.index, p.from, p.to, p.lanes * p.count, () => inside(p));
}

/** Every lane is a point of its own. Elementwise kernels and kernels in scalar mode come here too. */
function emitColumns(b: Builder, kernel: Kernel, tiling: Tiling, machine: Machine): void {
  const { vector, rowAxis, rows } = tiling;
  const outer = kernel.axes.filter((axis) => axis !== vector && axis !== rowAxis);
  const columnPieces = vector ? cutVectors(vector, tiling, kernel, machine) : [];
  nest(b, outer, () => {
    overPieces(b, rowAxis, rowAxis ? cut(rowAxis.size, 1, rows) : [], (row) => {
      overPieces(b, vector, columnPieces, (column) => emitTile(b, kernel, tiling, row.count, column));
    });
  });
}

function emitTile(b: Builder, kernel: Kernel, { vector, rowAxis }: Tiling, rows: number, column: Piece): void {
  const points: Shift[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < column.count; j++) {
      const shift = new Map<Index, number>();
      if (rowAxis && i > 0) shift.set(rowAxis.index, i);
      if (vector && j > 0) shift.set(vector.index, j * column.lanes);
      points.push(shift);
    }
  }
  const lanes = column.lanes;
  const scope = { vector: vector?.index, lanes };
  const totals = kernel.reduction && accumulate(b, kernel.reduction, points, scope);
  const writer = new PointWriter(b, scope);
  points.forEach((shift, k) => storePoint(kernel, writer, shift, totals?.[k]));
}

/** One accumulator per point, kept in registers through the reduction's loops. */
function accumulate(b: Builder, reduction: Reduction, points: readonly Shift[], scope: Scope): Value[] {
  const type = registerType(reduction.value.dtype);
  const start = b.constant(type, scope.lanes, reduction.op === "sum" ? 0 : lowest(type));
  const totals = points.map(() => b.variable(start));
  nest(b, reduction.axes, () => {
    const writer = new PointWriter(b, scope);
    points.forEach((shift, k) => combine(b, reduction, writer, shift, totals[k]));
  });
  return totals;
}

function lowest(type: Value["type"]): number {
  return type === "int32" ? -(2 ** 31) : Number.NEGATIVE_INFINITY;
}

/** total = total + value (products fused in), or the larger of both. */
function combine(b: Builder, { op, value }: Reduction, writer: PointWriter, shift: Shift, total: Value): void {
  if (op === "sum" && value.kind === "apply" && value.op === "mul" && total.type !== "int32") {
    const [x, y] = value.args.map((arg) => writer.value(arg, shift));
    b.assign(total, b.op("fma", x, y, total));
  } else b.assign(total, b.op(op === "max" ? "max" : "add", total, writer.value(value, shift)));
}

/** Lanes are partial totals of one point; they are added up before the epilogue, which is scalar. */
function emitRows(b: Builder, kernel: Kernel, { vector, lanes, rowAxis, rows, columnAxis, columns }: Tiling): void {
  const reduction = kernel.reduction;
  if (!reduction || !vector) throw new InternalError("row mode needs a reduction");
  const outer = kernel.axes.filter((axis) => axis !== rowAxis && axis !== columnAxis);
  const loops = reduction.axes.filter((axis) => axis !== vector);
  const type = registerType(reduction.value.dtype);
  const start = reduction.op === "sum" ? 0 : lowest(type);
  const whole = vector.size - (vector.size % lanes);
  nest(b, outer, () => {
    overPieces(b, rowAxis, rowAxis ? cut(rowAxis.size, 1, rows) : [], (row) => {
      overPieces(b, columnAxis, columnAxis ? cut(columnAxis.size, 1, columns) : [], (column) => {
        const points: Shift[] = [];
        for (let i = 0; i < row.count; i++) {
          for (let j = 0; j < column.count; j++) {
            points.push(
              new Map([
                ...(rowAxis ? [[rowAxis.index, i] as const] : []),
                ...(columnAxis ? [[columnAxis.index, j] as const] : []),
              ]),
            );
          }
        }
        const totals = points.map(() => b.variable(b.constant(type, lanes, start)));
        const rests = points.map(() => b.variable(b.constant(type, 1, start)));
        nest(b, loops, () => {
          b.loop(vector.index, 0, whole, lanes, () => {
            const writer = new PointWriter(b, { vector: vector.index, lanes });
            points.forEach((shift, k) => combine(b, reduction, writer, shift, totals[k]));
          });
          b.loop(vector.index, whole, vector.size, 1, () => {
            const writer = new PointWriter(b, { vector: undefined, lanes: 1 });
            points.forEach((shift, k) => combine(b, reduction, writer, shift, rests[k]));
          });
        });
        const writer = new PointWriter(b, { vector: undefined, lanes: 1 });
        points.forEach((shift, k) => {
          const across = b.op(reduction.op === "sum" ? "sumLanes" : "maxLanes", totals[k]);
          storePoint(kernel, writer, shift, b.op(reduction.op === "sum" ? "add" : "max", across, rests[k]));
        });
      });
    });
  });
}

function storePoint(kernel: Kernel, writer: PointWriter, shift: Shift, total: Value | undefined): void {
  // All values are computed before any is stored: a store may overwrite what another value reads at this point.
  const values = kernel.stores.map((s) => writer.value(s.value, shift, total));
  kernel.stores.forEach((s, i) => writer.store(s, values[i], shift, kernel.scatter));
}

/** How far a point of a tile lies from where the loops stand. */
type Shift = ReadonlyMap<Index, number>;

interface Scope {
  readonly vector: Index | undefined;
  readonly lanes: number;
}

/** Writes scalars as instructions. What two points of a tile share (a load, a product) is written once. */
class PointWriter {
  readonly #b: Builder;
  readonly #scope: Scope;
  readonly #known = new Map<Scalar, Map<string, Value>>();

  constructor(b: Builder, scope: Scope) {
    this.#b = b;
    this.#scope = scope;
  }

  value(s: Scalar, shift: Shift, total?: Value): Value {
    const key = `${shiftKey(s, shift)}|${usesTotal(s) ? total?.id : ""}`;
    const known = this.#known.get(s) ?? new Map<string, Value>();
    this.#known.set(s, known);
    let value = known.get(key);
    if (!value) {
      value = this.#write(s, shift, total);
      known.set(key, value);
    }
    return value;
  }

  store(s: Kernel["stores"][number], value: Value, shift: Shift, adds: boolean): void {
    const place = this.#place(s.buffer, s.at, s.moving, shift);
    const stored = this.#b.convert(value, registerType(s.buffer.dtype));
    this.#b.store(adds ? this.#b.op("add", this.#b.load(stored.type, 1, place, 0), stored) : stored, place);
  }

  #write(s: Scalar, shift: Shift, total: Value | undefined): Value {
    const b = this.#b;
    const { vector, lanes } = this.#scope;
    const along = (a: Affine) => (vector ? scaleOf(a, vector) : 0);
    if (s.kind === "constant") return b.constant(registerType(s.dtype), lanes, s.value);
    if (s.kind === "position") return b.ramp(lanes, shifted(s.at, shift), along(s.at));
    if (s.kind === "apply")
      return apply(
        b,
        s.op,
        s.args.map((x) => this.value(x, shift, total)),
        s.dtype,
      );
    if (s.kind === "total") {
      if (!total) throw new InternalError("a total was read outside its reduction");
      return total;
    }
    const type = registerType(s.dtype);
    if (s.kind === "within") {
      const value = this.value(s.value, shift, total);
      return b.select(this.#holdsAlong(s.guards, shift, value.type), value, b.constant(value.type, lanes, 0));
    }
    if (s.guards.length > 0) return this.#guardedLoad(s, shift, along(s.at));
    return b.load(type, lanes, this.#place(s.buffer, s.at, s.moving, shift), along(s.at));
  }

  /** Where the guards fail, some place inside the buffer is read instead, and the result dropped. */
  #guardedLoad(s: Extract<Scalar, { kind: "load" }>, shift: Shift, stride: number): Value {
    const b = this.#b;
    const { lanes } = this.#scope;
    const type = registerType(s.dtype);
    const zero = b.constant(type, lanes, 0);
    const reach = (lanes - 1) * Math.abs(stride);
    if (reach >= s.buffer.length) return zero;
    const holds = this.#holds(s.guards, shift);
    const safe = b.constant("int32", 1, stride < 0 ? reach : 0);
    const position = b.select(holds, b.ramp(1, shifted(s.at, shift), 0), safe);
    const moving = { position: this.#look(s.moving, shift, holds, position), scale: 1 };
    const loaded = b.load(type, lanes, { buffer: s.buffer, at: at(0), moving }, stride);
    return b.select(this.#holdsAlong(s.guards, shift, type), loaded, zero);
  }

  /** The position of a guarded load, with what it looks up added where the guards hold. */
  #look(moving: Moving | undefined, shift: Shift, holds: Value, position: Value): Value {
    if (!moving) return position;
    const b = this.#b;
    const looked = b.op("mul", this.#clamped(moving, shift), b.constant("int32", 1, moving.scale));
    return b.op("add", position, b.select(holds, looked, b.constant("int32", 1, 0)));
  }

  #place(buffer: Place["buffer"], a: Affine, moving: Moving | undefined, shift: Shift): Place {
    const where = { buffer, at: shifted(a, shift) };
    return moving ? { ...where, moving: { position: this.#clamped(moving, shift), scale: moving.scale } } : where;
  }

  #clamped(moving: Moving, shift: Shift): Value {
    const b = this.#b;
    const scalar = this.#scope.lanes === 1 ? this : new PointWriter(b, { vector: undefined, lanes: 1 });
    const position = scalar.value(moving.position, shift);
    return b.op("min", b.op("max", position, b.like(position, 0)), b.like(position, moving.size - 1));
  }

  /** The same for all lanes, as wide as `type`. */
  #holdsAlong(guards: readonly Guard[], shift: Shift, type: Value["type"]): Value {
    return this.#b.splat(this.#b.convert(this.#holds(guards, shift), maskOf(type)), this.#scope.lanes);
  }

  /** A scalar mask: all guards hold. They do not vary along the vector. */
  #holds(guards: readonly Guard[], shift: Shift): Value {
    const b = this.#b;
    const tests = guards.flatMap((g) => {
      const i = b.ramp(1, shifted(g.at, shift), 0);
      return [b.op("le", b.like(i, g.from), i), b.op("lt", i, b.like(i, g.to))];
    });
    return tests.reduce((all, test) => b.op("and", all, test));
  }
}

function shifted(a: Affine, shift: Shift): Affine {
  let offset = 0;
  for (const [index, by] of shift) offset += scaleOf(a, index) * by;
  return offset === 0 ? a : add(a, at(offset));
}

const affineLists = new WeakMap<Scalar, readonly Affine[]>();

/** Every index expression below a scalar. */
function affinesBelow(s: Scalar): readonly Affine[] {
  let list = affineLists.get(s);
  if (!list) {
    const own: Affine[] = [];
    if (s.kind === "load" || s.kind === "position") own.push(s.at);
    if (s.kind === "load" || s.kind === "within") own.push(...s.guards.map((g) => g.at));
    list = [...new Set([...own, ...operandsOf(s).flatMap(affinesBelow)])];
    affineLists.set(s, list);
  }
  return list;
}

/** The part of a shift on which a scalar depends. */
function shiftKey(s: Scalar, shift: Shift): string {
  if (shift.size === 0) return "";
  const below = affinesBelow(s);
  return [...shift]
    .map(([index, by]) => (below.some((a) => scaleOf(a, index) !== 0) ? `${index.id}+${by}` : ""))
    .join();
}

const totalUsers = new WeakMap<Scalar, boolean>();

function usesTotal(s: Scalar): boolean {
  let uses = totalUsers.get(s);
  if (uses === undefined) {
    uses = s.kind === "total" || operandsOf(s).some(usesTotal);
    totalUsers.set(s, uses);
  }
  return uses;
}
