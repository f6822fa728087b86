import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Combine, Node } from "../../graph/node.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { broadcast, formatShape, normalAxis, sameShape, stridesOf } from "../../graph/shape.ts";
import type { Operand } from "../elementwise.ts";
import { axisOf, constant, positions, spread } from "../operands.ts";
import { Cumulative } from "../reduction/cumulative.ts";

/** Operations that read or write at positions, known or computed. */
export abstract class Indexing<T extends Indexing<T>> extends Cumulative<T> {
  /** The entry at one position along `axis`, which disappears. A tensor index (int32 scalar) is looked up when it runs. */
  at(index: number | T, axis = 0): T {
    if (typeof index !== "number") return this.gather(index, axis);
    const a = axisOf("at", this.node, axis);
    const n = this.shape[a];
    const i = index < 0 ? index + n : index;
    if (!(Number.isInteger(i) && i >= 0 && i < n)) {
      throw new PondusError("shape.at", `at: axis ${axis} of ${this.described()} has no entry ${index}.`);
    }
    return this.slice(i, i + 1, a).squeeze(a);
  }
  /** Entries along `axis` at `index` (int32, any shape; clamped to the range): that axis becomes the index's axes. */
  gather(index: T, axis = 0): T {
    const a = axisOf("gather", this.node, axis);
    return this.of(make("gather", [this.node, index.node], { axis: a, ...staysBelow(this.shape[a], index.node) }));
  }
  /**
   * The reverse of `gather`: zeros with `size` entries along `axis`, to which these are added at `index` (int32, any
   * shape; clamped to the range). From `axis` on, this tensor has the index's axes.
   */
  scatterAdd(index: T, size: number, axis = 0): T {
    const a = normalAxis(axis, this.rank - index.rank + 1);
    const span = a === undefined ? [] : this.shape.slice(a, a + index.rank);
    if (a === undefined || !sameShape(span, index.shape)) {
      throw new PondusError(
        "shape.scatter",
        `scatterAdd: the index is ${formatShape(index.shape)}${describeOrigin(index.node.origin)}, but from axis ${axis} ` +
          `the values are ${formatShape(span)} (of ${this.described()}).`,
      );
    }
    return this.of(make("scatter", [index.node, this.node], { axis: a, size, ...staysBelow(size, index.node) }));
  }
  /**
   * This tensor with `updates` combined in at `index` (int32, any shape; clamped to the range) along `axis`: what `gather`
   * would find there is set, or added to, multiplied by, or becomes the smaller or larger of the two. Several updates of
   * one entry come in the order of the index, on any number of threads: of those that set, the last stands.
   *
   * The gradient of `set` goes to what stands in the end; that of `min` and `max` is divided among all that are equal to the result,
   * as in PyTorch's `scatter_reduce`; that of `mul` is right where factors are 0.
   *
   * @param updates  this tensor's shape with the index's axes in the place of `axis`, or what broadcasts to it
   */
  scatter(index: T, updates: Operand<T>, options: ScatterOptions = {}): T {
    const { axis = 0, combine = "set" } = options;
    const a = axisOf("scatter", this.node, axis);
    const shape = this.shape.toSpliced(a, 1, ...index.shape);
    const given = typeof updates === "number" ? constant(updates, this.dtype) : updates.node;
    const common = broadcast(given.shape, shape);
    if (!common || !sameShape(common, shape)) {
      throw new PondusError(
        "shape.scatter",
        `scatter: updates of ${formatShape(given.shape)}${describeOrigin(given.origin)} do not spread to ${formatShape(shape)}, ` +
          `which is ${this.described()} with the index's axes in the place of axis ${axis}.`,
      );
    }
    const spreadOut = spread(given, shape);
    if (combine === "add") return this.add(this.of(spreadOut).scatterAdd(index, this.shape[a], a));
    const attrs = { axis: a, combine: requireCombine(combine), ...staysBelow(this.shape[a], index.node) };
    return this.of(make("scatterInto", [index.node, spreadOut, this.node], attrs));
  }
  /** Entry by entry along `axis`, at an index (int32; clamped to the range) for each, as `numpy.take_along_axis`: other axes broadcast. */
  takeAlongAxis(index: T, axis = -1): T {
    const a = axisOf("takeAlongAxis", this.node, axis);
    const { source, places } = this.#along("takeAlongAxis", index, a);
    return source.flatten().gather(places);
  }
  /** This tensor with values put where `takeAlongAxis` would find them: as `numpy.put_along_axis`, or combined as in `scatter`. */
  putAlongAxis(index: T, values: Operand<T>, options: ScatterOptions = {}): T {
    const a = axisOf("putAlongAxis", this.node, options.axis ?? -1);
    const { source, places } = this.#along("putAlongAxis", index, a);
    if (!sameShape(source.shape, this.shape)) {
      throw new PondusError(
        "shape.scatter",
        `putAlongAxis: an index of ${formatShape(index.shape)}${describeOrigin(index.node.origin)} reaches beyond ${this.described()}.`,
      );
    }
    const given = typeof values === "number" ? constant(values, this.dtype) : values.node;
    const put = this.of(spread(given, places.shape)).flatten();
    return this.flatten().scatter(places.flatten(), put, { combine: options.combine }).reshape(this.shape);
  }

  /** This tensor, with other axes than `axis` spread as the index's are, and where in it, flattened, the entries lie. */
  #along(what: string, index: T, axis: number): { source: T; places: T } {
    const n = this.shape[axis];
    const others = index.rank === this.rank && broadcast(this.shape.with(axis, 1), index.shape.with(axis, 1));
    if (!others) {
      throw new PondusError(
        "shape.index",
        `${what}: the index is ${formatShape(index.shape)}${describeOrigin(index.node.origin)}, but must have as many axes as ` +
          `${this.described()} and, but for axis ${axis}, sizes that are equal or 1.`,
      );
    }
    const source = this.expand(others.with(axis, n));
    const shape = others.with(axis, index.shape[axis]);
    if (n === 0) return { source, places: index.expand(shape) };
    const strides = stridesOf(source.shape);
    const terms = shape.map((_, k) => {
      const along = k === axis ? index.clip(0, n - 1).expand(shape) : this.of(positions(shape, k));
      return along.mul(strides[k]);
    });
    return { source, places: terms.reduce((sum, term) => sum.add(term)) };
  }
}

/** Where a scatter goes, and what becomes of an entry to which an update comes. */
export interface ScatterOptions {
  readonly axis?: number;
  readonly combine?: Combine | "add";
}

function requireCombine(combine: Combine): Combine {
  if (["set", "min", "max", "mul"].includes(combine)) return combine;
  throw new PondusError("tensor.option", `scatter: combine must be set, add, mul, min or max, but it is ${combine}.`);
}

/** Says so of an index whose numbers are known and lie in [0, size). */
function staysBelow(size: number, index: Node): { inRange?: true } {
  return index.is("data") && index.attrs.data.every((i) => i >= 0 && i < size) ? { inRange: true } : {};
}
