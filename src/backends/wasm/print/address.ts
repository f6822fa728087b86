import type { Affine, Index, Instruction, Place, Value } from "../../../compiler/ir/loop.ts";
import { bytesOf } from "../../../graph/dtype.ts";
import { InternalError } from "../../../graph/errors.ts";
import type { Code } from "../module/module.ts";
import type { FunctionWriter } from "../module/writer.ts";
import { pushEdge } from "./part.ts";

/** The smallest and the largest value of a counter. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

type Loop = Extract<Instruction, { op: "for" }>;

/** A loop around the place that is being printed, or the whole routine. */
interface Scope {
  readonly parent?: Scope;
  readonly index?: Index;
  readonly from: number;
  /** The local that `from` is counted from, where it is only known when it runs. */
  readonly begin?: number;
  /** What must run right before the loop. */
  entry: Code[];
  readonly pointers: Map<string, Pointer>;
  /** What is known of places met here whose terms were these very ones, as those of a tile's points are. */
  readonly met: Map<Affine["terms"], Met>;
  /** True once something reads the counter itself. */
  counted: boolean;
}

/** The local that holds the variable part of a place's address, and what is taken out of its constant. */
interface Met {
  readonly size: number;
  readonly least: number;
  readonly local: number;
}

/** A sum kept in a local. `step` is what one turn of its scope's loop adds to it; `start` is known where it is constant. */
interface Pointer {
  readonly local: number;
  readonly step: number;
  readonly start?: number;
}

/** A position known only when it runs, times its scale in bytes: in a local, made inside `scope`. */
interface Moving {
  readonly local: number;
  readonly scope: Scope;
}

/** constant + sum of scale * index + moving, modulo 2^32. */
interface Sum {
  readonly constant: number;
  readonly terms: Affine["terms"];
  readonly moving?: Moving;
}

/**
 * Addresses and loops of one routine. Sums that differ by a constant share one pointer, which is computed where its
 * outermost counter changes and then stepped: an inner loop adds one constant per pointer and multiplies nothing.
 */
export class Addresses {
  readonly #writer: FunctionWriter;
  /** Locals that hold the counters. */
  readonly #counters: Map<Index, number>;
  /** Those of the routine's loops, and of the program's around it. */
  readonly #ranges = new Map<Index, Range>();
  readonly #outer: ReadonlyMap<Index, Range>;
  readonly #moving = new Map<Value, Map<number, Moving>>();
  #scope: Scope = { from: 0, entry: [], pointers: new Map(), met: new Map(), counted: true };

  constructor(writer: FunctionWriter, counters: ReadonlyMap<Index, number>, ranges: ReadonlyMap<Index, Range>) {
    this.#writer = writer;
    this.#counters = new Map(counters);
    this.#outer = ranges;
  }

  /** A counted loop, tested at its bottom: on a pointer that it steps anyway, unless something reads its counter. */
  loop(loop: Loop, body: () => void): void {
    const { from, step } = loop;
    const turns = turnsOf(loop);
    if (turns === 0) return;
    const writer = this.#writer;
    const scope: Scope = { ...this.#inside(loop), from };
    const counter = writer.take("i32");
    const code = this.#collect(scope, loop, counter, body);

    const moving = [...scope.pointers.values()].filter((pointer) => pointer.step !== 0);
    const counts: Pointer = { local: counter, step: 1, start: from };
    if (scope.counted || moving.length === 0) moving.push(counts);
    // The last one tells when the loop is over. Counted modulo 2^32 it meets its end nowhere else.
    const last = moving[moving.length - 1];
    const way = (last.step * step * turns) | 0;
    writer.append(scope.entry);
    if (last === counts) {
      writer.emit("i32.const", from);
      writer.emit("local.set", counter);
    } else if (turns > 1 && last.start === undefined) {
      writer.emit("local.get", last.local);
      this.#plus(way);
      writer.emit("local.set", counter);
    }
    if (turns > 1) {
      writer.emit("loop");
      writer.append(code);
      for (const pointer of moving) this.#advance(pointer, step, pointer === last);
      if (last.start === undefined) writer.emit("local.get", counter);
      else writer.emit("i32.const", (last.start + way) | 0);
      writer.emit("i32.ne");
      writer.emit("br_if", 0);
      writer.emit("end");
    } else writer.append(code);
    for (const { local } of scope.pointers.values()) writer.give(local);
    writer.give(counter);
  }

  /** The turns of one part, in a function that threads share. */
  sharedLoop(loop: Loop, body: () => void): void {
    const turns = turnsOf(loop);
    if (turns === 0) return;
    const writer = this.#writer;
    const counter = writer.take("i32");
    const end = writer.take("i32");
    const edge = (after: 0 | 1, local: number) => {
      pushEdge(writer, turns, after);
      this.#times(loop.step);
      this.#plus(loop.from);
      writer.emit("local.tee", local);
    };
    edge(0, counter);
    edge(1, end);
    writer.emit("i32.ne");
    writer.emit("if");
    const scope: Scope = { ...this.#inside(loop), from: 0, begin: counter };
    const code = this.#collect(scope, loop, counter, body);
    writer.append(scope.entry);
    writer.emit("loop");
    writer.append(code);
    for (const pointer of scope.pointers.values()) if (pointer.step !== 0) this.#advance(pointer, loop.step, false);
    this.#advance({ local: counter, step: 1 }, loop.step, true);
    writer.emit("local.get", end);
    writer.emit("i32.ne");
    writer.emit("br_if", 0);
    writer.emit("end");
    writer.emit("end");
    for (const { local } of scope.pointers.values()) writer.give(local);
    writer.give(counter);
    writer.give(end);
  }

  #inside(loop: Loop) {
    const pointers = new Map<string, Pointer>();
    return { parent: this.#scope, index: loop.index, entry: [], pointers, met: new Map(), counted: false };
  }

  #collect(scope: Scope, loop: Loop, counter: number, body: () => void): Code[] {
    const { index, from, step } = loop;
    this.#counters.set(index, counter);
    this.#ranges.set(index, { min: from, max: from + (turnsOf(loop) - 1) * step });
    this.#scope = scope;
    const code = this.#writer.collect(body);
    this.#scope = scope.parent as Scope;
    return code;
  }

  #advance({ local, step }: Pointer, by: number, keep: boolean): void {
    this.#writer.emit("local.get", local);
    this.#writer.emit("i32.const", (step * by) | 0);
    this.#writer.emit("i32.add");
    this.#writer.emit(keep ? "local.tee" : "local.set", local);
  }

  /**
   * Names a position's product with `scale` bytes, so that loops further in can keep it in their pointers. `print`
   * pushes the position. Gives the local that holds the product.
   */
  declareMoving(position: Value, scale: number, print: () => void): number {
    const local = this.#writer.take("i32");
    print();
    this.#times(scale);
    this.#writer.emit("local.set", local);
    const products = this.#moving.get(position) ?? new Map<number, Moving>();
    this.#moving.set(position, products.set(scale, { local, scope: this.#scope }));
    return local;
  }

  /**
   * Pushes the variable part of a place's address and gives the constant that its instruction adds. An engine adds the
   * two without wrapping around, so the variable part must not be negative by itself. `pushPosition` pushes a position
   * that was not declared.
   */
  push({ buffer, at, moving }: Place, pushPosition: (position: Value) => void): number {
    const size = bytesOf[buffer.dtype];
    const met = moving ? undefined : this.#scope.met.get(at.terms);
    if (met?.size === size) {
      const constant = buffer.offset + at.offset * size + met.least;
      if (constant >= 0 && constant < 2 ** 32) {
        this.#writer.emit("local.get", met.local);
        return constant;
      }
    }
    const terms = at.terms.map(({ index, scale }) => ({ index, scale: scale * size }));
    if (!moving) {
      // What the terms may add up to at worst is taken out of the constant, the same for all that share the terms.
      const least = Math.min(0, this.#least(terms));
      const constant = buffer.offset + at.offset * size + least;
      if (constant >= 0 && constant < 2 ** 32) {
        const local = this.#pushSum(this.#scope, { constant: -least, terms });
        if (local !== undefined) this.#scope.met.set(at.terms, { size, least, local });
        return constant;
      }
    }
    // Counted from the buffer's begin, what lies in the buffer is never negative.
    const constant = at.offset * size;
    const declared = moving && this.#moving.get(moving.position)?.get(moving.scale * size);
    this.#pushSum(this.#scope, { constant, terms, moving: declared });
    if (moving && !declared) {
      pushPosition(moving.position);
      this.#times(moving.scale * size);
      this.#writer.emit("i32.add");
    }
    return buffer.offset;
  }

  /** Pushes the int32 that an affine gives. */
  pushAffine({ offset, terms }: Affine): void {
    this.#pushSum(this.#scope, { constant: 0, terms });
    this.#plus(offset);
  }

  #least(terms: Affine["terms"]): number {
    let sum = 0;
    for (const { index, scale } of terms) {
      const range = this.#ranges.get(index) ?? this.#outer.get(index);
      if (!range) throw new InternalError(`counter ${index.id} belongs to no loop around its use`);
      sum += scale * (scale < 0 ? range.max : range.min);
    }
    return sum;
  }

  /** Gives the local in which all of it is, where there is one. */
  #pushSum(scope: Scope, sum: Sum): number | undefined {
    const { constant, terms, moving } = sum;
    if (moving?.scope === scope) {
      this.#writer.emit("local.get", moving.local);
      if (terms.length > 0) {
        this.#pushSum(scope, { constant, terms });
        this.#writer.emit("i32.add");
      } else this.#plus(constant);
    } else if (terms.length === 0 && !moving) {
      this.#writer.emit("i32.const", constant | 0);
    } else if (terms.length === 1 && terms[0].scale === 1 && constant === 0 && !moving) {
      this.#pushCounter(terms[0].index);
    } else {
      const local = this.#pointer(scope, sum);
      this.#writer.emit("local.get", local);
      return local;
    }
    return undefined;
  }

  /** The local that holds the sum inside `scope`. */
  #pointer(scope: Scope, sum: Sum): number {
    const step = sum.terms.find((term) => term.index === scope.index)?.scale ?? 0;
    const madeHere = step !== 0 || !scope.parent || sum.moving?.scope === scope.parent;
    if (!madeHere) return this.#pointer(scope.parent, sum);
    const key = this.#keyOf(sum);
    const known = scope.pointers.get(key);
    if (known) return known.local;

    // Used from the scope's begin on, so no local that something inside it has used.
    const local = this.#writer.fresh("i32");
    const terms = sum.terms.filter((term) => term.index !== scope.index);
    const constant = sum.constant + step * scope.from;
    const none = terms.length === 0 && !sum.moving;
    const { parent, begin } = scope;
    const moves = begin !== undefined && step !== 0;
    scope.pointers.set(key, { local, step, start: none && !moves ? constant : undefined });
    if (parent) {
      scope.entry = this.#writer.collect(() => {
        this.#pushSum(parent, { constant: none ? constant : 0, terms, moving: sum.moving });
        if (!none) this.#plus(constant);
        if (moves) {
          this.#writer.emit("local.get", begin);
          this.#times(step);
          this.#writer.emit("i32.add");
        }
        this.#writer.emit("local.set", local);
      }, scope.entry);
    } else {
      this.#writer.atEntry(() => {
        sum.terms.forEach(({ index, scale }, i) => {
          this.#pushCounter(index);
          this.#times(scale);
          if (i > 0) this.#writer.emit("i32.add");
        });
        this.#plus(sum.constant);
        this.#writer.emit("local.set", local);
      });
    }
    return local;
  }

  /** Counters in scope have locals of their own, so these name them. */
  #keyOf({ constant, terms, moving }: Sum): string {
    let key = `${constant},${moving?.local ?? ""}`;
    // Two sums of one scope whose terms stand in other orders have pointers of their own: that is rare, and sorting is slow.
    for (let i = 0; i < terms.length; i++) key += `,${this.#counterOf(terms[i].index)}*${terms[i].scale}`;
    return key;
  }

  #pushCounter(index: Index): void {
    let scope: Scope | undefined = this.#scope;
    while (scope && scope.index !== index) scope = scope.parent;
    if (scope) scope.counted = true;
    this.#writer.emit("local.get", this.#counterOf(index));
  }

  #counterOf(index: Index): number {
    const local = this.#counters.get(index);
    if (local === undefined) throw new InternalError(`counter ${index.id} belongs to no loop around its use`);
    return local;
  }

  #times(scale: number): void {
    if (scale === 1) return;
    this.#writer.emit("i32.const", scale | 0);
    this.#writer.emit("i32.mul");
  }

  #plus(constant: number): void {
    if (constant === 0) return;
    this.#writer.emit("i32.const", constant | 0);
    this.#writer.emit("i32.add");
  }
}

function turnsOf({ from, to, step }: Loop): number {
  if (!(step > 0)) throw new InternalError(`a loop steps by ${step}`);
  return Math.max(0, Math.ceil((to - from) / step));
}
