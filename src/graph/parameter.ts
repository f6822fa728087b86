import type { Constraint } from "./constraint.ts";
import { allocate, type DType, isFloat, type TypedArray } from "./dtype.ts";
import { element, fill } from "./element.ts";
import { PondusError } from "./errors.ts";
import { flatNumbers } from "./nested.ts";
import { keepForRuns, refuseWhileChanged } from "./pending.ts";
import { Stream } from "./random/stream.ts";
import { type Shape, sizeOf } from "./shape.ts";

/** Chooses a fresh value: one number for every entry, or a function from an entry's flat index to its number. */
export type Initializer = (random: Stream, shape: Shape) => ((index: number) => number) | number;

/** A parameter whose numbers others hold: its entries are a map from fewer free ones. */
export interface Constrained {
  readonly constraint: Constraint;
  /** The free numbers, before they are brought inside their bounds. */
  readonly knobs: Parameter | undefined;
  readonly frozen: Parameter | undefined;
  /** All entries as they are now. */
  read(): TypedArray;
  /** Why these values of all entries break the constraint; undefined when they do not. */
  refusal(values: ArrayLike<number>): string | undefined;
  /** Takes values that do not break it. */
  write(values: ArrayLike<number>): void;
  /** Draws the free numbers afresh, as the weight would be drawn. */
  draw(seed: number, index: number): void;
}

/** Where a value comes from: it is yet to be drawn, chance chose it, or it was given (written, or trained). */
export type Source = "none" | "chance" | "given";

/** Where a parameter's numbers are. */
type Value =
  /** Not computed yet: they are drawn from stream `index` of `seed` when they are needed, the same ones at any time. */
  | {
      readonly is: "drawn";
      readonly use: "initialize" | "uninitialized";
      readonly seed: number;
      readonly index: number;
    }
  /** In an array of the parameter's own. */
  | { readonly is: "held"; readonly data: TypedArray; readonly source: Exclude<Source, "none"> }
  /** In the memory of the program that changed them last. */
  | { readonly is: "lent"; readonly place: TypedArray };

type Drawn = Extract<Value, { is: "drawn" }>;

let created = 0;

/**
 * A knob, or a block of knobs: an identity with a value. Using one parameter twice is tying.
 *
 * A value that was neither drawn nor written is drawn from seed 0 at the first read. After a run it may lie in a program's
 * memory; reading copies it back first.
 */
export class Parameter {
  name: string;
  /** The name that it was made with; `name` may have become its place in a model since. */
  readonly given: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly init: Initializer;
  /** False for state that no gradient reaches (moments of an optimizer, a step counter). */
  readonly trainable: boolean;
  /** The constrained parameter whose numbers these are. */
  readonly of: Parameter | undefined;
  /** Grows with every write, so that a program knows whether its copy is stale. */
  version = 1;
  #value: Value = { is: "drawn", use: "uninitialized", seed: 0, index: created++ };
  #constrained: Constrained | undefined;

  constructor(options: {
    name: string;
    shape: Shape;
    dtype: DType;
    init: Initializer;
    trainable?: boolean;
    of?: Parameter;
  }) {
    this.name = options.name;
    this.given = options.name;
    this.of = options.of;
    this.shape = options.shape;
    this.dtype = options.dtype;
    this.init = options.init;
    this.trainable = options.trainable ?? true;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get source(): Source {
    const holder = this.#constrained?.knobs ?? this.#constrained?.frozen;
    if (holder) return holder.source;
    if (this.#value.is === "drawn") return this.#value.use === "initialize" ? "chance" : "none";
    return this.#value.is === "held" ? this.#value.source : "given";
  }

  /** How its entries hang together, when it is constrained. */
  get constrained(): Constrained | undefined {
    return this.#constrained;
  }

  /** From now on others hold its numbers. Graphs that were built before are stale. */
  constrain(constrained: Constrained): void {
    this.#constrained = constrained;
  }

  /** Whether graphs with this leaf no longer say what they said: it, or what it is a part of, was constrained since. */
  get stale(): boolean {
    if (this.#constrained) return true;
    const now = this.of?.constrained;
    return now !== undefined && now.knobs !== this && now.frozen !== this;
  }

  /** Draws a fresh value from stream `index` of `seed`; where it is constrained, what it hangs on. */
  draw(seed: number, index: number): void {
    if (this.#constrained) {
      this.#constrained.draw(seed, index);
      return;
    }
    this.#aboutToWrite();
    this.#become({ is: "drawn", use: "initialize", seed, index });
  }

  /** Whether it has an array of its own: not where its value was only drawn, or lies in a program's memory. */
  get isHeld(): boolean {
    return this.#value.is === "held";
  }

  /**
   * The current value. The array is the parameter's own: copy it before changing it.
   *
   * @throws `parameter.busy` when a run that was asked for and is not over changes it
   */
  read(): TypedArray {
    if (this.#constrained) return this.#constrained.read();
    refuseWhileChanged(this, "reading");
    if (this.#value.is === "lent") this.#value = { is: "held", data: this.#value.place.slice(), source: "given" };
    return this.#current();
  }

  /** The current value where it lies, which may be in a program's memory: for a look before anything else runs. */
  peek(): TypedArray {
    if (this.#constrained) return this.#constrained.read();
    refuseWhileChanged(this, "reading");
    return this.#current();
  }

  #current(): TypedArray {
    if (this.#value.is === "lent") return this.#value.place;
    if (this.#value.is === "held") return this.#value.data;
    const data = allocate(this.dtype, this.size);
    this.#pour(this.#value, data, true);
    this.#value = { is: "held", data, source: "chance" };
    return data;
  }

  /**
   * Writes the current value where a program that runs is to change it, and lend it from. What was drawn and not looked at
   * yet is written there alone.
   *
   * @param isZero  `place` is known to be: fresh memory, which takes no room before it is written to
   */
  fill(place: TypedArray, isZero: boolean): void {
    if (this.#value.is === "drawn") this.#pour(this.#value, place, isZero);
    else place.set(this.#current());
  }

  /** Writes the current value where a program that runs is to read it. */
  copyTo(place: TypedArray): void {
    place.set(this.#current());
  }

  #pour({ use, seed, index }: Drawn, place: TypedArray, isZero: boolean): void {
    const entry = this.init(new Stream(seed, use, index), this.shape);
    const fitting = (x: number, i?: number) => element(x, this.dtype, `parameter ${this.name}`, i);
    if (typeof entry !== "number") for (let i = 0; i < place.length; i++) place[i] = fitting(entry(i), i);
    else if (!(isZero && Object.is(entry, 0))) place.fill(fitting(entry));
  }

  /**
   * Copies `values` in: row-major, or nested as its shape.
   *
   * @throws `values.size`, `values.shape`, `values.type` when they do not fit the shape, `dtype.fraction`, `dtype.range` when int32 does not hold a number,
   *         `constraint.broken` when it is constrained and they do not fit, `parameter.busy` when a run that was asked for and
   *         is not over changes it
   */
  write(values: ArrayLike<number>, source: "chance" | "given" = "given"): void {
    const flat = flatNumbers(`parameter ${this.name}`, values, this.shape);
    if (this.#constrained) {
      const refusal = this.#constrained.refusal(flat);
      if (refusal) throw new PondusError("constraint.broken", `${this.name}: ${refusal}.`);
      this.#constrained.write(flat);
      return;
    }
    this.#aboutToWrite();
    // Of other types a number may not fit: what fails leaves the value as it was.
    const reused = this.#value.is === "held" && isFloat(this.dtype);
    const data = reused ? this.#current() : allocate(this.dtype, this.size);
    fill(data, flat, this.dtype, `parameter ${this.name}`);
    this.#become({ is: "held", data, source });
  }

  #aboutToWrite(): void {
    refuseWhileChanged(this, "writing");
    keepForRuns(this, () => this.#current());
  }

  #become(value: Value): void {
    this.#value = value;
    this.version++;
  }

  /** Called by a program that wrote the value into its own memory, with the place: the only copy, until it is read. */
  lend(place: TypedArray): void {
    this.#become({ is: "lent", place });
  }

  /** Whether its only copy is there. */
  liesIn(place: TypedArray): boolean {
    return this.#value.is === "lent" && this.#value.place === place;
  }
}
