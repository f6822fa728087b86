import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/node.ts";
import { broadcast, formatShape, normalAxis, type Shape } from "../graph/shape.ts";
import { Elementwise } from "./elementwise.ts";
import { axesOf, axisOf, inferShape, reshapeNode, spread } from "./operands.ts";
import { overlapAdd } from "./overlap.ts";
import type { Tensor } from "./tensor.ts";

/** Operations that give the same elements at other places: views, never copies. */
export abstract class Movement extends Elementwise {
  /** The same elements in another shape; one size may be -1. */
  reshape(shape: Shape): Tensor {
    return this.of(reshapeNode(this.node, inferShape(this.node, shape)));
  }
  flatten(): Tensor {
    return this.reshape([this.size]);
  }
  /** Of every element its position (int32) along `axis`. */
  protected positions(axis: number): Tensor {
    const row = make("iota", [], { length: this.shape[axis] });
    const shape = this.shape.map((n, i) => (i === axis ? n : 1));
    return this.of(spread(reshapeNode(row, shape), this.shape));
  }
  /** Axes in another order: the result's axis i is this tensor's axis order[i]. */
  permute(order: readonly number[]): Tensor {
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
  get T(): Tensor {
    return this.transpose(-1, -2);
  }
  transpose(a: number, b: number): Tensor {
    const order = this.shape.map((_, i) => i);
    const [i, j] = [axisOf("transpose", this.node, a), axisOf("transpose", this.node, b)];
    [order[i], order[j]] = [order[j], order[i]];
    return this.permute(order);
  }
  /** Repeated to `shape`: axes of size 1 spread, missing leading axes are added. */
  expand(shape: Shape): Tensor {
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
  unsqueeze(axis: number): Tensor {
    const a = normalAxis(axis, this.rank + 1);
    if (a === undefined) {
      throw new PondusError("shape.axis", `unsqueeze: ${this.described()} has no place ${axis} for another axis.`);
    }
    return this.reshape([...this.shape.slice(0, a), 1, ...this.shape.slice(a)]);
  }
  /** `axis`, which has size 1, removed. */
  squeeze(axis: number): Tensor {
    const a = axisOf("squeeze", this.node, axis);
    if (this.shape[a] !== 1) {
      throw new PondusError(
        "shape.squeeze",
        `squeeze: axis ${axis} of ${this.described()} has size ${this.shape[a]}, not 1; use at or a reduction.`,
      );
    }
    return this.reshape(this.shape.filter((_, i) => i !== a));
  }
  /** Elements from `start` up to `stop` (excluded) along `axis`; negative positions count from the end. */
  slice(axis: number, start: number, stop?: number): Tensor {
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
  /** Zeros added before and after along `axis`. */
  pad(axis: number, before: number, after: number): Tensor {
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
  flip(axes?: number | readonly number[]): Tensor {
    return this.of(make("flip", [this.node], { axes: axesOf("flip", this.node, axes) }));
  }
  /**
   * One axis of length n as two, [count, size]: entry k of window i is the one at i stride + k dilation. Windows overlap
   * where the stride is smaller than the size, and count = floor((n - (size - 1) dilation - 1) / stride) + 1.
   */
  window(axis: number, size: number, options: { stride?: number; dilation?: number } = {}): Tensor {
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
  overlapAdd(axis: number, options: { stride?: number; dilation?: number } = {}): Tensor {
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
