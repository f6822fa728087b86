import type { DType } from "../../graph/dtype.ts";
import type { Shape } from "../../graph/shape.ts";
import type { Tensors } from "../../tensor/control.ts";
import { arange, full, zeros } from "../../tensor/functions.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { batchShapeOf } from "../batch-shape.ts";

/** The states of so many wanted times are read off a step in one iteration, and of a batch's, whose rows are longer. */
const [mostInAStep, mostInABatch] = [8, 4];

/** The wanted times that a step passes, and where in the step they lie. */
export interface Passing {
  /** [most in an iteration, 1, ...] */
  readonly theta: Tensor;
  readonly hit: Tensor;
  /** Whether the step passes more of them: the next iteration takes the same step again, and reads on. */
  readonly more: Tensor;
}

/**
 * The table of states at the times between the first and the last, and how it fills. Each trajectory of a batch fills rows of
 * its own: the table is [times * trajectories, ...], so that an iteration writes where it must and nowhere else.
 */
export class Wanted {
  readonly #times: Tensor;
  readonly #count: number;
  readonly #batchShape: Shape;
  readonly #state: Shape;
  readonly #dtype: DType;
  readonly #batch: number | undefined;
  /** How many trajectories fill the table. */
  readonly #size: number;
  /** How many rows at most are read in one iteration. */
  readonly #most: number;

  constructor(times: Tensor, y0: Tensor, batch: number | undefined) {
    this.#count = times.shape[0] - 2;
    this.#batchShape = batchShapeOf(y0, batch);
    this.#state = y0.shape;
    this.#dtype = y0.dtype;
    this.#batch = batch;
    this.#size = batch === undefined ? 1 : y0.shape[batch];
    this.#times = times.slice(1).flatten();
    this.#most = Math.min(batch === undefined ? mostInAStep : mostInABatch, this.#count);
  }

  /** How many iterations read on at most, beside those that take a step. */
  get readings(): number {
    return this.#count > 0 ? Math.ceil(this.#count / this.#most) : 0;
  }

  get init(): Tensors {
    if (this.#count === 0) return {};
    const whole = () => full(this.#batchShape, 0, "int32");
    const table = zeros([this.#count * this.#size, ...this.#others()], this.#dtype);
    return { table, next: whole(), readings: whole() };
  }

  passing(
    { t, next }: Tensors,
    reached: Tensor,
    step: Tensor,
    accepted: Tensor,
    direction: Tensor,
  ): Passing | undefined {
    if (!next) return undefined;
    const number = next.add(this.#offsets(this.#most));
    const isPassed = (n: Tensor, time: Tensor) =>
      accepted.and(n.lt(this.#count)).and(time.sub(reached).mul(direction).le(0));
    const time = this.#at(number);
    const hit = isPassed(number, time);
    const theta = where(hit, time.sub(t).div(where(hit.and(step.ne(0)), step, 1)), 0);
    const thin = this.#batch === undefined ? theta.reshape([this.#most, ...this.#state.map(() => 1)]) : theta;
    const following = next.add(this.#most);
    return { theta: thin, hit, more: isPassed(following, this.#at(following)) };
  }

  put(
    { table, next, readings }: Tensors,
    { hit, more }: Passing,
    rows: Tensor,
  ): { readonly table: Tensor; readonly next: Tensor; readonly readings: Tensor } {
    const number = next.add(this.#offsets(this.#most));
    const shown = where(
      hit.reshape([this.#most, ...(this.#batch === undefined ? this.#state.map(() => 1) : this.#batchShape)]),
      rows,
      0,
    );
    const added = this.#trajectoriesFirst(shown).reshape([this.#most * this.#size, ...this.#others()]);
    const places = number.mul(this.#size).add(this.#trajectory()).flatten();
    return {
      table: table.add(added.scatterAdd(places, this.#count * this.#size)),
      next: next.add(hit.cast("int32").sum(0)),
      readings: readings.add(more.cast("int32")),
    };
  }

  /** [times, ...state], of a table. */
  rows(table: Tensor): Tensor {
    if (this.#batch === undefined) return table;
    const first = table.reshape([this.#count, this.#size, ...this.#others()]);
    const order = this.#state.map((_, axis) => axis + 1).filter((axis) => axis !== 1);
    order.splice(this.#batch, 0, 1);
    return first.permute([0, ...order]);
  }

  /** Wanted times by number, of which those behind the last are the last. */
  #at(number: Tensor): Tensor {
    const bounded = number.minimum(this.#count);
    if (this.#times.size === this.#count + 1) return this.#times.gather(bounded);
    return this.#times.gather(bounded.mul(this.#size).add(this.#trajectory()));
  }

  /** The state's axes but the trajectories'. */
  #others(): Shape {
    return this.#state.filter((_, axis) => axis !== this.#batch);
  }

  /** 0, 1, ... along an axis in front of the trajectories'. */
  #offsets(count: number): Tensor {
    return arange(count).reshape([count, ...this.#batchShape.map(() => 1)]);
  }

  /** Each trajectory's number. */
  #trajectory(): Tensor | number {
    return this.#batch === undefined ? 0 : arange(this.#size).reshape(this.#batchShape);
  }

  /** [rows, trajectories, ...] of [rows, ...state]. */
  #trajectoriesFirst(rows: Tensor): Tensor {
    if (this.#batch === undefined) return rows;
    const own = this.#batch + 1;
    const rest = this.#state.map((_, axis) => axis + 1).filter((axis) => axis !== own);
    return rows.permute([0, own, ...rest]);
  }
}
