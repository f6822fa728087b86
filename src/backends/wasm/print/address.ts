import type { Affine, Index, Instruction, Place, Value } from "../../../compiler/ir/loop.ts";
import { bytesOf } from "../../../graph/dtype.ts";
import { InternalError } from "../../../graph/errors.ts";
import type { Code } from "../module/module.ts";
import type { FunctionWriter } from "../module/writer.ts";
import { pushEdge } from "./part.ts";
import { type Moving, type Pointer, Pointers, type Scope } from "./pointers.ts";

/** The smallest and the largest value of a counter. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

type Loop = Extract<Instruction, { op: "for" }>;

/** Addresses and loops of one routine. */
export class Addresses {
  readonly #writer: FunctionWriter;
  readonly #sums: Pointers;
  /** Those of the routine's loops, and of the program's around it. */
  readonly #ranges = new Map<Index, Range>();
  readonly #outer: ReadonlyMap<Index, Range>;
  readonly #moving = new Map<Value, Map<number, Moving>>();

  constructor(writer: FunctionWriter, counters: ReadonlyMap<Index, number>, ranges: ReadonlyMap<Index, Range>) {
    this.#writer = writer;
    this.#sums = new Pointers(writer, counters);
    this.#outer = ranges;
  }

  /** A counted loop, tested at its bottom: on a pointer that it steps anyway, unless something reads its counter. */
  loop(loop: Loop, body: () => void): void {
    const { from, step } = loop;
    const iterations = iterationsOf(loop);
    if (iterations === 0) return;
    const writer = this.#writer;
    const scope: Scope = { ...this.#inside(loop), from };
    const counter = writer.take("i32");
    const code = this.#collect(scope, loop, counter, body);

    const moving = [...scope.pointers.values()].filter((pointer) => pointer.step !== 0);
    const counts: Pointer = { local: counter, step: 1, start: from };
    if (scope.counted || moving.length === 0) moving.push(counts);
    // The last one tells when the loop is over. Counted modulo 2^32 it meets its end nowhere else.
    const last = moving[moving.length - 1];
    const way = (last.step * step * iterations) | 0;
    writer.append(scope.entry);
    if (last === counts) {
      writer.emit("i32.const", from);
      writer.emit("local.set", counter);
    } else if (iterations > 1 && last.start === undefined) {
      writer.emit("local.get", last.local);
      this.#sums.plus(way);
      writer.emit("local.set", counter);
    }
    if (iterations > 1) {
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

  /** The iterations of one part, in a function that threads share. */
  sharedLoop(loop: Loop, body: () => void): void {
    const iterations = iterationsOf(loop);
    if (iterations === 0) return;
    const writer = this.#writer;
    const counter = writer.take("i32");
    const end = writer.take("i32");
    const edge = (after: 0 | 1, local: number) => {
      pushEdge(writer, iterations, after);
      this.#sums.times(loop.step);
      this.#sums.plus(loop.from);
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
    return { parent: this.#sums.scope, index: loop.index, entry: [], pointers, met: new Map(), counted: false };
  }

  #collect(scope: Scope, loop: Loop, counter: number, body: () => void): Code[] {
    const { index, from, step } = loop;
    this.#ranges.set(index, { min: from, max: from + (iterationsOf(loop) - 1) * step });
    return this.#sums.collect(scope, index, counter, body);
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
    this.#sums.times(scale);
    this.#writer.emit("local.set", local);
    const products = this.#moving.get(position) ?? new Map<number, Moving>();
    this.#moving.set(position, products.set(scale, { local, scope: this.#sums.scope }));
    return local;
  }

  /**
   * Pushes the variable part of a place's address and gives the constant that its instruction adds. An engine adds the
   * two without wrapping around, so the variable part must not be negative by itself. `pushPosition` pushes a position
   * that was not declared.
   */
  push({ buffer, at, moving }: Place, pushPosition: (position: Value) => void): number {
    const size = bytesOf[buffer.dtype];
    const met = moving ? undefined : this.#sums.scope.met.get(at.terms);
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
        const local = this.#sums.push({ constant: -least, terms });
        if (local !== undefined) this.#sums.scope.met.set(at.terms, { size, least, local });
        return constant;
      }
    }
    // Counted from the buffer's begin, what lies in the buffer is never negative.
    const constant = at.offset * size;
    const declared = moving && this.#moving.get(moving.position)?.get(moving.scale * size);
    this.#sums.push({ constant, terms, moving: declared });
    if (moving && !declared) {
      pushPosition(moving.position);
      this.#sums.times(moving.scale * size);
      this.#writer.emit("i32.add");
    }
    return buffer.offset;
  }

  /** Pushes the int32 that an affine gives. */
  pushAffine({ offset, terms }: Affine): void {
    this.#sums.push({ constant: 0, terms });
    this.#sums.plus(offset);
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
}

function iterationsOf({ from, to, step }: Loop): number {
  if (!(step > 0)) throw new InternalError(`a loop steps by ${step}`);
  return Math.max(0, Math.ceil((to - from) / step));
}
