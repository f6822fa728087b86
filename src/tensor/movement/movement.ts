import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import { broadcast, formatShape, normalAxis, type Shape } from "../../graph/shape.ts";
import { axesOf, axisOf, inferShape, requireWhole, reshapeNode, spread } from "../operands.ts";
import { Special } from "../special.ts";
import { concatNodes } from "./concat.ts";
import { overlapAdd } from "./overlap.ts";

/** Operations that give the same elements at other places: views, never copies. */
export abstract class Movement<T extends Movement<T>> extends Special<T> {
  /** The same elements in another shape; one size may be -1. */
  reshape(shape: Shape): T {
    return this.of(reshapeNode(this.node, inferShape(this.node, shape)));
  }
  flatten(): T {
    return this.reshape([this.size]);
  }
  /** Axes in another order: the result's axis i is this tensor's axis order[i]. */
  permute(order: readonly number[]): T {
    const axes = order.map((axis) => axisOf("permute", this.node, axis));
    if (axes.length !== this.rank || new Set(axes).size !== this.rank) {
      throw new PondusError(
        "shape.permute",
        `permute: [${order}] must name each of the ${this.rank} axes of ${this.described()} once.`,
      );
    }
    if (axes.every((axis, i) => axis === i)) return this.of(this.node);
    return this.of(make("permute", [this.node], { order: axes }));
  }
  /** The last two axes swapped. */
  get T(): T {
    return this.transpose(-1, -2);
  }
  transpose(a: number, b: number): T {
    const order = this.shape.map((_, i) => i);
    const [i, j] = [axisOf("transpose", this.node, a), axisOf("transpose", this.node, b)];
    [order[i], order[j]] = [order[j], order[i]];
    return this.permute(order);
  }
  /** Repeated to `shape`: axes of size 1 spread, missing leading axes are added. */
  expand(shape: Shape): T {
    const common = broadcast(this.shape, shape);
    if (!common || formatShape(common) !== formatShape(shape)) {
      throw new PondusError(
        "shape.expand",
        `expand: ${this.described()} cannot spread to ${formatShape(shape)}; sizes must be equal or 1, counted from ` +
          "the right.",
      );
    }
    return this.of(spread(this.node, shape));
  }
  /** An axis of size 1 inserted before `axis`; -1 appends one. */
  unsqueeze(axis: number): T {
    const a = normalAxis(axis, this.rank + 1);
    if (a === undefined) {
      throw new PondusError("shape.axis", `unsqueeze: ${this.described()} has no place ${axis} for another axis.`);
    }
    return this.reshape([...this.shape.slice(0, a), 1, ...this.shape.slice(a)]);
  }
  /** `axis`, which has size 1, removed. */
  squeeze(axis: number): T {
    const a = axisOf("squeeze", this.node, axis);
    if (this.shape[a] !== 1) {
      throw new PondusError(
        "shape.squeeze",
        `squeeze: axis ${axis} of ${this.described()} has size ${this.shape[a]}, not 1; use at or a reduction.`,
      );
    }
    return this.reshape(this.shape.filter((_, i) => i !== a));
  }
  /** Elements from `start` up to `stop` (excluded; default: the end) along `axis`; negative positions count from the end. */
  slice(start: number, stop?: number, axis = 0): T {
    const a = axisOf("slice", this.node, axis);
    const n = this.shape[a];
    const [from, to] = [start, stop ?? n].map((i) => (i < 0 ? i + n : i));
    if (!(from >= 0 && to >= from && to <= n && Number.isInteger(from) && Number.isInteger(to))) {
      throw new PondusError(
        "shape.slice",
        `slice: ${start} to ${stop ?? "the end"} is no range of axis ${axis} of ${this.described()}, which has ${n} entries.`,
      );
    }
    if (from === 0 && to === n) return this.of(this.node);
    return this.of(
      make("slice", [this.node], {
        start: this.shape.map((_, i) => (i === a ? from : 0)),
        stop: this.shape.map((m, i) => (i === a ? to : m)),
      }),
    );
  }
  /** Zeros added before and after along `axis`; `pad` adds other things, along several axes. */
  padAxis(before: number, after: number, axis = -1): T {
    const a = axisOf("pad", this.node, axis);
    if (![before, after].every((n) => Number.isInteger(n) && n >= 0)) {
      throw new PondusError(
        "shape.pad",
        `pad: ${before} and ${after} must be whole numbers from 0; use slice to take off.`,
      );
    }
    if (before === 0 && after === 0) return this.of(this.node);
    const only = (n: number) => this.shape.map((_, i) => (i === a ? n : 0));
    return this.of(make("pad", [this.node], { before: only(before), after: only(after) }));
  }
  /** Order reversed along `axes`. */
  flip(axes?: number | readonly number[]): T {
    return this.of(make("flip", [this.node], { axes: axesOf("flip", this.node, axes) }));
  }
  /** Every entry `shift` places further along `axis`, those that leave it coming in again at its begin, as `numpy.roll`. */
  roll(shift: number, axis = -1): T {
    const a = axisOf("roll", this.node, axis);
    requireWhole("roll: the shift", shift, Number.NEGATIVE_INFINITY);
    const n = this.shape[a];
    const from = n === 0 ? 0 : ((-shift % n) + n) % n;
    if (from === 0) return this.of(this.node);
    return this.of(concatNodes([this.slice(from, undefined, a).node, this.slice(0, from, a).node], a));
  }
  /**
   * Pieces along `axis`, as `torch.split`: of one size (the last one of what is left), or of the sizes listed, whose sum must
   * be that of the axis.
   */
  split(sizes: number | readonly number[], axis = 0): T[] {
    const a = axisOf("split", this.node, axis);
    const n = this.shape[a];
    if (typeof sizes === "number") {
      requireWhole("split: the size of a piece", sizes, 1);
      return this.split(cutSizes(n, sizes), a);
    }
    for (const size of sizes) requireWhole("split: the size of a piece", size, 0);
    if (sizes.reduce((sum, size) => sum + size, 0) !== n) {
      throw new PondusError(
        "shape.split",
        `split: sizes ${sizes.join(" + ")} must add up to ${n}, the size of axis ${axis} of ${this.described()}.`,
      );
    }
    let from = 0;
    return sizes.map((size) => {
      from += size;
      return this.slice(from - size, from, a);
    });
  }
  /** At most `count` pieces along `axis`, of one size but for the last, as `torch.chunk`. */
  chunk(count: number, axis = 0): T[] {
    requireWhole("chunk: the number of pieces", count, 1);
    const n = this.shape[axisOf("chunk", this.node, axis)];
    return this.split(Math.max(1, Math.ceil(n / count)), axis);
  }
  /** Every entry along `axis` so many times, one after another, as `numpy.repeat`. */
  repeat(count: number, axis = -1): T {
    const a = axisOf("repeat", this.node, axis);
    requireWhole("repeat: the count", count, 0);
    const shape = this.shape.toSpliced(a + 1, 0, count);
    return this.unsqueeze(a + 1)
      .expand(shape)
      .reshape(this.shape.with(a, this.shape[a] * count));
  }
  /** The whole laid out so many times along each axis, counted from the last, as `numpy.tile`. */
  tile(counts: number | readonly number[]): T {
    const list = typeof counts === "number" ? [counts] : counts;
    for (const count of list) requireWhole("tile: a count", count, 0);
    const rank = Math.max(list.length, this.rank);
    const from = (values: readonly number[]) => [...new Array<number>(rank - values.length).fill(1), ...values];
    const [times, sizes] = [from(list), from(this.shape)];
    return this.reshape(sizes.flatMap((n) => [1, n]))
      .expand(sizes.flatMap((n, i) => [times[i], n]))
      .reshape(sizes.map((n, i) => n * times[i]));
  }
  /**
   * One axis of length n as two, [count, size]: entry k of window i is the one at i stride + k dilation. Windows overlap
   * where the stride is smaller than the size, and count = floor((n - (size - 1) dilation - 1) / stride) + 1.
   */
  window(size: number, axis = -1, options: { stride?: number; dilation?: number } = {}): T {
    const { stride = 1, dilation = 1 } = options;
    const a = axisOf("window", this.node, axis);
    const reach = (size - 1) * dilation + 1;
    if (![size, stride, dilation].every((n) => Number.isInteger(n) && n > 0) || reach > this.shape[a]) {
      throw new PondusError(
        "shape.window",
        `window: size ${size}, stride ${stride} and dilation ${dilation} must be whole numbers from 1, and a window ` +
          `reaches over ${reach} entries; axis ${axis} of ${this.described()} has ${this.shape[a]}.`,
      );
    }
    return this.of(make("window", [this.node], { axis: a, size, stride, dilation }));
  }
  /**
   * The reverse of `window`: `axis`, which counts windows, and the one after it, which runs inside them, become one. Windows
   * are laid `stride` apart, their entries `dilation` apart, and what meets is added.
   */
  overlapAdd(axis: number, options: { stride?: number; dilation?: number } = {}): T {
    const { stride = 1, dilation = 1 } = options;
    const a = axisOf("overlapAdd", this.node, axis);
    if (a + 1 === this.rank || ![stride, dilation].every((n) => Number.isInteger(n) && n > 0)) {
      throw new PondusError(
        "shape.window",
        `overlapAdd: stride ${stride} and dilation ${dilation} must be whole numbers from 1, and after axis ${axis} of ` +
          `${this.described()} must come the one inside its windows.`,
      );
    }
    return this.of(overlapAdd(this.node, a, stride, dilation));
  }
}

/** Pieces of `size` in `n`, and what is left; of nothing there is one piece without entries. */
function cutSizes(n: number, size: number): number[] {
  const count = Math.max(1, Math.ceil(n / size));
  return Array.from({ length: count }, (_, i) => Math.min(size, n - i * size));
}
