import type { Affine, Index } from "../../../compiler/ir/loop.ts";
import { InternalError } from "../../../graph/errors.ts";
import type { Code } from "../module/module.ts";
import type { FunctionWriter } from "../module/writer.ts";

/** A loop around the place that is being printed, or the whole routine. */
export interface Scope {
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

/** A sum kept in a local. `step` is what one iteration of its scope's loop adds to it; `start` is known where it is constant. */
export interface Pointer {
  readonly local: number;
  readonly step: number;
  readonly start?: number;
}

/** A position known only when it runs, times its scale in bytes: in a local, made inside `scope`. */
export interface Moving {
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
 * Sums of counters, kept in locals. Sums that differ by a constant share one pointer, which is computed where its
 * outermost counter changes and then stepped: an inner loop adds one constant per pointer and multiplies nothing.
 */
export class Pointers {
  /** The innermost loop around the place that is being printed. */
  scope: Scope = { from: 0, entry: [], pointers: new Map(), met: new Map(), counted: true };
  readonly #writer: FunctionWriter;
  /** Locals that hold the counters. */
  readonly #counters: Map<Index, number>;

  constructor(writer: FunctionWriter, counters: ReadonlyMap<Index, number>) {
    this.#writer = writer;
    this.#counters = new Map(counters);
  }

  /** The code of a loop's body, whose counter is in a local. */
  collect(scope: Scope, index: Index, counter: number, body: () => void): Code[] {
    this.#counters.set(index, counter);
    this.scope = scope;
    const code = this.#writer.collect(body);
    this.scope = scope.parent as Scope;
    return code;
  }

  /** Gives the local in which all of it is, where there is one. */
  push(sum: Sum, scope: Scope = this.scope): number | undefined {
    const { constant, terms, moving } = sum;
    if (moving?.scope === scope) {
      this.#writer.emit("local.get", moving.local);
      if (terms.length > 0) {
        this.push({ constant, terms }, scope);
        this.#writer.emit("i32.add");
      } else this.plus(constant);
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
        this.push({ constant: none ? constant : 0, terms, moving: sum.moving }, parent);
        if (!none) this.plus(constant);
        if (moves) {
          this.#writer.emit("local.get", begin);
          this.times(step);
          this.#writer.emit("i32.add");
        }
        this.#writer.emit("local.set", local);
      }, scope.entry);
    } else {
      this.#writer.atEntry(() => {
        sum.terms.forEach(({ index, scale }, i) => {
          this.#pushCounter(index);
          this.times(scale);
          if (i > 0) this.#writer.emit("i32.add");
        });
        this.plus(sum.constant);
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
    let scope: Scope | undefined = this.scope;
    while (scope && scope.index !== index) scope = scope.parent;
    if (scope) scope.counted = true;
    this.#writer.emit("local.get", this.#counterOf(index));
  }

  #counterOf(index: Index): number {
    const local = this.#counters.get(index);
    if (local === undefined) throw new InternalError(`counter ${index.id} belongs to no loop around its use`);
    return local;
  }

  /** Multiplies what is on the stack. */
  times(scale: number): void {
    if (scale === 1) return;
    this.#writer.emit("i32.const", scale | 0);
    this.#writer.emit("i32.mul");
  }

  /** Adds to what is on the stack. */
  plus(constant: number): void {
    if (constant === 0) return;
    this.#writer.emit("i32.const", constant | 0);
    this.#writer.emit("i32.add");
  }
}
