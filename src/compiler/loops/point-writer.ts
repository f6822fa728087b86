import { InternalError } from "../../graph/errors.ts";
import type { Combine } from "../../graph/node.ts";
import { type Builder, maskOf } from "../ir/builder.ts";
import { type Guard, type Moving, operandsOf, type Scalar, type Store } from "../ir/kernel.ts";
import { type Affine, add, at, type Index, type Place, scaleOf, type Value } from "../ir/loop.ts";
import { apply, registerType } from "../math/apply.ts";

/** How far a point of a tile lies from where the loops stand. */
export type Shift = ReadonlyMap<Index, number>;

/** The vector along which a writer's values lie. */
export interface Scope {
  readonly vector: Index | undefined;
  readonly lanes: number;
  /** An axis along which the tile has as many points as a vector has lanes. */
  readonly square?: Index;
}

/** The op by which a store combines with what is there. */
const combining = { add: "add", mul: "mul", min: "minimum", max: "maximum" } as const;

/** Writes scalars as instructions. What two points of a tile share (a load, a product) is written once. */
export class PointWriter {
  readonly #b: Builder;
  readonly #scope: Scope;
  readonly #known = new Map<Scalar, Map<string, Value>>();
  readonly #squares = new Map<Scalar, Map<string, readonly Value[]>>();

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

  store(s: Store, value: Value, shift: Shift, combine: Combine | "add" = "set"): void {
    const place = this.#place(s.buffer, s.at, s.moving, shift);
    const stored = this.#b.convert(value, registerType(s.buffer.dtype));
    const old = () => this.#b.load(stored.type, 1, place, 0);
    this.#b.store(combine === "set" ? stored : this.#b.op(combining[combine], old(), stored), place);
  }

  /** Adds to what is there, and to `lost` the rounding error of that. */
  addExactly(s: Store, lost: Store, x: Value, shift: Shift): void {
    const b = this.#b;
    const [place, errors] = [s, lost].map((to) => this.#place(to.buffer, to.at, to.moving, shift));
    const old = b.load(x.type, 1, place, 0);
    const next = b.op("add", old, x);
    b.store(next, place);
    b.store(b.op("add", b.load(x.type, 1, errors, 0), b.op("sub", x, b.op("sub", next, old))), errors);
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
        s.order,
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
    if (this.#scope.square && liesAlong(s, this.#scope.square, along(s.at))) return this.#transposed(s, shift);
    return b.load(type, lanes, this.#place(s.buffer, s.at, s.moving, shift), along(s.at));
  }

  /** An element of a square that is read along its other side and transposed in registers. */
  #transposed(s: Extract<Scalar, { kind: "load" }>, shift: Shift): Value {
    const { vector, lanes, square } = this.#scope as Required<Scope>;
    const corner = new Map([...shift].filter(([index]) => index !== square));
    const key = shiftKey(s, corner);
    const known = this.#squares.get(s) ?? new Map<string, readonly Value[]>();
    this.#squares.set(s, known);
    let rows = known.get(key);
    if (!rows) {
      const along = vector as Index;
      const first = corner.get(along) ?? 0;
      const sides = Array.from({ length: lanes }, (_, k) => {
        const place = this.#place(s.buffer, s.at, undefined, new Map([...corner, [along, first + k]]));
        return this.#b.load(registerType(s.dtype), lanes, place, 1);
      });
      rows = this.#b.transpose(sides);
      known.set(key, rows);
    }
    return rows[shift.get(square) ?? 0];
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
    if (moving.inRange) return position;
    // An int32 reaches no further, however long the axis.
    const last = Math.min(moving.size, 2 ** 31) - 1;
    return b.op("minimum", b.op("maximum", position, b.like(position, 0)), b.like(position, last));
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

/** A load whose vectors do not lie together, but whose elements along another axis do. */
export function liesAlong(s: Scalar, other: Index, stride: number): s is Extract<Scalar, { kind: "load" }> {
  if (s.kind !== "load" || s.moving || s.guards.length > 0) return false;
  return stride !== 0 && stride !== 1 && s.dtype !== "bool" && scaleOf(s.at, other) === 1;
}

export function shifted(a: Affine, shift: Shift): Affine {
  if (shift.size === 0 || a.terms.length === 0) return a;
  let offset = 0;
  for (const [index, by] of shift) offset += scaleOf(a, index) * by;
  return offset === 0 ? a : add(a, at(offset));
}

const counterSets = new WeakMap<Scalar, ReadonlySet<Index>>();

/** Every counter on which a scalar depends. */
function countersOf(s: Scalar): ReadonlySet<Index> {
  let set = counterSets.get(s);
  if (!set) {
    const found = new Set<Index>();
    const note = (a: Affine) => {
      for (const { index, scale } of a.terms) if (scale !== 0) found.add(index);
    };
    if (s.kind === "load" || s.kind === "position") note(s.at);
    if (s.kind === "load" || s.kind === "within") for (const g of s.guards) note(g.at);
    for (const x of operandsOf(s)) for (const index of countersOf(x)) found.add(index);
    set = found;
    counterSets.set(s, set);
  }
  return set;
}

/** The part of a shift on which a scalar depends. */
function shiftKey(s: Scalar, shift: Shift): string {
  if (shift.size === 0) return "";
  const counters = countersOf(s);
  if (counters.size === 0) return "";
  let key = "";
  for (const [index, by] of shift) if (by !== 0 && counters.has(index)) key += `${index.id}+${by},`;
  return key;
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
