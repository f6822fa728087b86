import { leastOf } from "../../graph/dtype.ts";
import type { Node } from "../../graph/node.ts";
import { axisOf, constant, positions, spread } from "../operands.ts";
import { cummax, recurrence, requireNumbers, runningProduct, runningSum, wide } from "./recurrence.ts";
import { backwards, Reduction } from "./reduction.ts";

/** How a cumulative operation goes along its axis. */
export interface CumulativeOptions {
  /** From the last entry to the first: entry i of the result is of the entries from i on. */
  readonly reverse?: boolean;
  /** Without the entry itself: what is of no entry is 0 for a sum, 1 for a product, the least number for a maximum. */
  readonly exclusive?: boolean;
}

/**
 * Operations along an axis that keep it: entry i of the result is of the entries up to i. They take time and memory in
 * proportion to the number of entries, and so do their derivatives of any order.
 */
export abstract class Cumulative<T extends Cumulative<T>> extends Reduction<T> {
  /** Sum of the entries so far, as `numpy.cumsum`. Sums of float32 are kept in float64, and each is rounded once. */
  cumsum(axis = -1, options: CumulativeOptions = {}): T {
    return this.#along("cumsum", runningSum, axis, options, 0);
  }

  /** Product of the entries so far, as `numpy.cumprod`. Its gradient is right where entries are 0. */
  cumprod(axis = -1, options: CumulativeOptions = {}): T {
    return this.#along("cumprod", runningProduct, axis, options, 1);
  }

  /** Largest of the entries so far; NaN from the first NaN on. The gradient goes to the last of equals, as in PyTorch. */
  cummax(axis = -1, options: CumulativeOptions = {}): T {
    return this.#along("cummax", cummax, axis, options, leastOf(this.dtype));
  }

  /** Smallest of the entries so far; NaN from the first NaN on. The gradient goes to the last of equals, as in PyTorch. */
  cummin(axis = -1, options: CumulativeOptions = {}): T {
    axisOf("cummin", this.node, axis);
    requireNumbers("cummin", this.node);
    return backwards(backwards(this.of(this.node)).cummax(axis, options));
  }

  /** log(exp(x[0]) + ... + exp(x[i])), without overflow; -Infinity where all entries so far are. Kept in float64. */
  logCumSumExp(axis = -1, options: CumulativeOptions = {}): T {
    const along = (x: Node, a: number) => wide(x, (y) => this.of(y).#logSums(a).node);
    return this.#along("logCumSumExp", along, axis, options, Number.NEGATIVE_INFINITY);
  }

  /** Sums s[i] of exp(x - m[i]) with the largest entry so far, m[i]: s[i] = exp(m[i - 1] - m[i]) s[i - 1] + exp(x[i] - m[i]). */
  #logSums(axis: number): T {
    const top = this.of(cummax(this.node, axis)).stopGradient();
    const finite = top.abs().lt(Number.POSITIVE_INFINITY).where(top, 0);
    const before = finite.#shifted(axis, 0);
    const none = top.#shifted(axis, Number.NEGATIVE_INFINITY).eq(Number.NEGATIVE_INFINITY);
    const shrink = none.where(0, before.sub(finite).exp());
    const first = spread(constant(0, this.dtype), this.shape.toSpliced(axis, 1));
    const sums = this.of(recurrence(shrink.node, this.sub(finite).exp().node, first, axis));
    const empty = sums.eq(0);
    return empty.where(Number.NEGATIVE_INFINITY, empty.where(1, sums).log().add(finite));
  }

  #along(
    what: string,
    cumulate: (x: Node, axis: number) => Node,
    axis: number,
    { reverse = false, exclusive = false }: CumulativeOptions,
    none: number,
  ): T {
    const a = axisOf(what, this.node, axis);
    requireNumbers(what, this.node);
    const x = reverse ? this.flip(a) : this.of(this.node);
    const inclusive = this.of(cumulate(x.node, a));
    const result = exclusive ? inclusive.#shifted(a, none) : inclusive;
    return reverse ? result.flip(a) : result;
  }

  /** Every entry at the next place, with `first` at the first one. */
  #shifted(axis: number, first: number): T {
    const n = this.shape[axis];
    if (n === 0) return this.of(this.node);
    const moved = this.slice(0, n - 1, axis).padAxis(1, 0, axis);
    if (first === 0) return moved;
    return this.of(positions(this.shape, axis)).eq(0).where(first, moved);
  }
}
