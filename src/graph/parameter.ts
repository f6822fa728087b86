import type { DType, TypedArray } from "./dtype.ts";
import { allocate } from "./dtype.ts";
import { PondusError } from "./errors.ts";
import { formatShape, type Shape, sizeOf } from "./shape.ts";
import { Stream } from "./threefry.ts";

/** Chooses a fresh value: one number for every entry, or a function from an entry's flat index to its number. */
export type Initializer = (random: Stream, shape: Shape) => ((index: number) => number) | number;

let created = 0;

/**
 * A knob, or a block of knobs: an identity with a value. Using one parameter twice is tying.
 *
 * A value that nobody drew or wrote is drawn from seed 0 at the first read. After a run it may live in a program's
 * memory; reading brings it home first.
 */
export class Parameter {
  name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly init: Initializer;
  /** False for state that no gradient reaches (moments of an optimizer, a step counter). */
  readonly trainable: boolean;
  /** Grows with every write, so that a program knows whether its copy is stale. */
  version = 0;
  #data: TypedArray | undefined;
  #borrower: (() => TypedArray) | undefined;
  readonly #ordinal = created++;

  constructor(options: { name: string; shape: Shape; dtype: DType; init: Initializer; trainable?: boolean }) {
    this.name = options.name;
    this.shape = options.shape;
    this.dtype = options.dtype;
    this.init = options.init;
    this.trainable = options.trainable ?? true;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** Draws a fresh value from stream `index` of `seed`. */
  draw(seed: number, index: number): void {
    const fill = this.init(new Stream(seed, index), this.shape);
    const values = allocate(this.dtype, this.size);
    if (typeof fill === "number") values.fill(fill);
    else for (let i = 0; i < values.length; i++) values[i] = fill(i);
    this.write(values);
  }

  /** The current value. The array is the parameter's own: copy it before changing it. */
  read(): TypedArray {
    if (!this.#data) this.draw(0, this.#ordinal);
    const data = this.#data as TypedArray;
    if (this.#borrower) {
      const current = this.#borrower;
      this.#borrower = undefined;
      data.set(current());
    }
    return data;
  }

  /** Copies `values` in. Throws `parameter.size` when the length differs. */
  write(values: ArrayLike<number>): void {
    if (values.length !== this.size) {
      throw new PondusError(
        "parameter.size",
        `parameter ${this.name} is ${formatShape(this.shape)} and takes ${this.size} numbers, but ${values.length} came.`,
      );
    }
    this.#borrower = undefined;
    this.#data ??= allocate(this.dtype, this.size);
    this.#data.set(values);
    this.version++;
  }

  /** A program that just wrote the value into its own memory says where: `current` is called when somebody reads. */
  lend(current: () => TypedArray): void {
    this.#data ??= allocate(this.dtype, this.size);
    this.#borrower = current;
    this.version++;
  }
}
