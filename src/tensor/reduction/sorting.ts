import { isFloat, leastOf } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Elementwise } from "../elementwise.ts";
import { Diagonals } from "../movement/diagonals.ts";
import { resized } from "../movement/overlap.ts";
import { axisOf, constant, positions, spread } from "../operands.ts";
import { scanNodes } from "../scan-nodes.ts";

/** Operations that put entries in order, or find their place in one. NaN counts as larger than any number, as in NumPy. */
export abstract class Sorting<T extends Sorting<T>> extends Diagonals<T> {
  /** Entries along `axis` in rising order, or falling; equal ones, and NaN, stay in the order in which they stood. */
  sort(axis = -1, options: { descending?: boolean } = {}): T {
    const a = axisOf("sort", this.node, axis);
    return this.takeAlongAxis(this.argsort(a, options), a);
  }

  /**
   * Positions (int32) along `axis` that `sort` takes its entries from. Falling order begins with NaN, and equal entries keep
   * theirs in both.
   *
   * A bitonic network (Batcher, AFIPS 1968) of log2(n) (log2(n) + 1) / 2 rounds, each over all entries side by side.
   */
  argsort(axis = -1, options: { descending?: boolean } = {}): T {
    const a = axisOf("argsort", this.node, axis);
    const n = this.shape[a];
    if (n < 2) return this.of(positions(this.shape, a));
    const front = this.shape.map((_, i) => i).filter((i) => i !== a);
    const rows = this.#numbers().permute([a, ...front]);
    const sorted = this.#network(rows.reshape([n, rows.size / n]), options.descending ?? false);
    const back = this.shape.map((_, i) => (i === a ? 0 : i < a ? i + 1 : i));
    return sorted.reshape(rows.shape).permute(back);
  }

  /** The `k` largest entries along `axis`, from the largest down, or the `k` smallest from the smallest up, and their positions. */
  topK(k: number, axis = -1, options: { largest?: boolean } = {}): { values: T; indices: T } {
    const a = axisOf("topK", this.node, axis);
    if (!(Number.isInteger(k) && k >= 0 && k <= this.shape[a])) {
      throw new PondusError(
        "shape.topk",
        `topK: k must be a whole number from 0 to ${this.shape[a]}, the size of axis ${axis} of ${this.described()}, but it is ${k}.`,
      );
    }
    const indices = this.argsort(a, { descending: options.largest ?? true }).slice(0, k, a);
    return { values: this.takeAlongAxis(indices, a), indices };
  }

  /**
   * Where in this vector, whose entries rise, `values` would have to be put in (int32, of the values' shape): before entries
   * that are equal (`left`), or after them, as `numpy.searchsorted`.
   */
  searchsorted(values: T, options: { side?: "left" | "right" } = {}): T {
    const { side = "left" } = options;
    if (this.rank !== 1 || (side !== "left" && side !== "right")) {
      throw new PondusError(
        "tensor.option",
        `searchsorted looks in a vector, from the left or from the right, but ${this.described()} and side "${side}" came.`,
      );
    }
    const n = this.size;
    const whole = (value: number) => spread(constant(value, "int32"), values.shape);
    if (n === 0) return this.of(whole(0));
    const rounds = Math.ceil(Math.log2(n + 1));
    const found = scanNodes([whole(0), whole(n)], [], rounds, false, ([from, to]) => {
      const [low, high] = [this.of(from), this.of(to)];
      // The sum of two positions may be too large for an int32, half of their distance never.
      const middle = low.add(high.sub(low).shiftRight(1));
      const entry = this.gather(middle);
      const after = side === "left" ? precedes(entry, values) : precedes(values, entry).not();
      const open = low.lt(high);
      return {
        next: [open.and(after).where(middle.add(1), low).node, open.and(after.not()).where(middle, high).node],
        out: [],
      };
    });
    return this.of(found.carry[0]);
  }

  /** Numbers to compare: those of a bool are 0 and 1. No gradient flows through an order. */
  #numbers(): T {
    return this.dtype === "bool" ? this.cast("int32") : this.stopGradient();
  }

  /** The order of [n, rows] along the first axis. */
  #network(rows: T, descending: boolean): T {
    const [n, width] = rows.shape;
    const size = 2 ** Math.ceil(Math.log2(n));
    const inside = this.of(positions([size, width], 0));
    // What fills up is equal to the last there may be, and comes after it.
    const most = isFloat(rows.dtype) ? Number.NaN : 2 ** 31 - 1;
    const keys = inside.lt(n).where(this.of(resized(rows.node, 0, size)), descending ? leastOf(rows.dtype) : most);
    const rounds: [number, number][] = [];
    for (let run = 2; run <= size; run *= 2) for (let j = run / 2; j >= 1; j /= 2) rounds.push([run, j]);
    const column = (which: 0 | 1) => {
      const data = Int32Array.from(rounds, (round) => round[which]);
      return make("data", [], { data, shape: [rounds.length], dtype: "int32" });
    };
    const place = this.of(positions([size], 0));
    const result = scanNodes(
      [keys.node, inside.node],
      [column(0), column(1)],
      rounds.length,
      false,
      ([key, from], [run, j]) => {
        const [k, f] = [this.of(key), this.of(from)];
        const other = place.xor(this.of(spread(j, [size])));
        const [otherK, otherF] = [k.gather(other), f.gather(other)];
        const [lt, gt] = descending
          ? [precedes(otherK, k), precedes(k, otherK)]
          : [precedes(k, otherK), precedes(otherK, k)];
        const isFirst = lt.or(gt.not().and(f.lt(otherF)));
        const rises = place.and(this.of(spread(run, [size]))).eq(0);
        const stays = isFirst.eq(place.lt(other).eq(rises).unsqueeze(1));
        return { next: [stays.where(k, otherK).node, stays.where(f, otherF).node], out: [] };
      },
    );
    return this.of(result.carry[1]).slice(0, n);
  }
}

/** Whether x comes before y: NaN comes after all numbers, and before no other. */
function precedes<T extends Elementwise<T>>(x: T, y: T): T {
  const less = x.lt(y);
  return isFloat(x.dtype) ? less.or(y.ne(y).and(x.eq(x))) : less;
}
