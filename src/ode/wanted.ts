import type { DType } from "../graph/dtype.ts";
import type { Shape } from "../graph/shape.ts";
import type { Tensors } from "../tensor/control.ts";
import { arange, full, zeros } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";

/** The states of so many wanted times are read off one step; a step that would pass more is made shorter. */
const mostInAStep = 8;

/** The wanted times that a step passes, and where in the step they lie. */
export interface Passing {
  /** [most in a step, 1, ...] */
  readonly theta: Tensor;
  readonly hit: Tensor;
}

/** The table of states at the times between the first and the last, and how it fills. */
export class Wanted {
  readonly #times: Tensor;
  readonly #count: number;
  readonly #lanes: Shape;
  readonly #state: Shape;
  readonly #dtype: DType;
  /** How many at most are read off one step. */
  readonly #most: number;

  constructor(times: Tensor, y0: Tensor, lanes: Shape) {
    this.#count = times.shape[0] - 2;
    this.#lanes = lanes;
    this.#state = y0.shape;
    this.#dtype = y0.dtype;
    this.#times = times.slice(0, 1).reshape([this.#count + 1, ...(times.rank > 1 ? lanes : [])]);
    this.#most = Math.min(lanes.length > 0 ? 1 : mostInAStep, this.#count);
  }

  get init(): Tensors {
    if (this.#count === 0) return {};
    return { table: zeros([this.#count, ...this.#state], this.#dtype), next: full(this.#lanes, 0, "int32") };
  }

  /** The time at which the next step must end at the latest. */
  furthest({ next }: Tensors, end: Tensor): Tensor {
    return next ? this.#at(next.add(this.#most)) : end;
  }

  /** Whether the furthest time is the last. */
  isLast({ next }: Tensors): Tensor {
    return next ? next.ge(this.#count - this.#most) : full(this.#lanes, 1, "int32").eq(1);
  }

  passing(
    { t, next }: Tensors,
    reached: Tensor,
    step: Tensor,
    accepted: Tensor,
    direction: Tensor,
  ): Passing | undefined {
    if (!next) return undefined;
    const offset = arange(this.#most).reshape([this.#most, ...this.#lanes.map(() => 1)]);
    const number = next.add(offset);
    const time = this.#at(number);
    const hit = accepted.and(number.lt(this.#count)).and(time.sub(reached).mul(direction).le(0));
    const theta = where(hit, time.sub(t).div(where(hit.and(step.ne(0)), step, 1)), 0);
    const thin = this.#lanes.length > 0 ? theta : theta.reshape([this.#most, ...this.#state.map(() => 1)]);
    return { theta: thin, hit };
  }

  put({ table, next }: Tensors, passing: Passing | undefined, rows: Tensor | undefined): Tensors {
    if (!passing || !rows) return {};
    const { hit } = passing;
    const more = next.add(hit.cast("int32").sum(0));
    if (this.#lanes.length > 0) {
      const place = arange(this.#count).reshape([this.#count, ...this.#lanes.map(() => 1)]);
      return { table: where(place.eq(next).and(hit), rows, table), next: more };
    }
    const shown = where(hit.reshape([this.#most, ...this.#state.map(() => 1)]), rows, 0);
    return { table: table.add(shown.scatterAdd(next.add(arange(this.#most)), this.#count)), next: more };
  }

  /** Wanted times by number, of which those behind the last are the last. */
  #at(number: Tensor): Tensor {
    const bounded = number.minimum(this.#count);
    if (this.#times.rank === 1) return this.#times.gather(bounded);
    const place = arange(this.#count + 1).reshape([this.#count + 1, ...this.#lanes.map(() => 1)]);
    const one = bounded.rank > this.#lanes.length ? bounded.squeeze(0) : bounded;
    const found = where(place.eq(one), this.#times, 0).sum(0);
    return bounded.rank > this.#lanes.length ? found.unsqueeze(0) : found;
  }
}
