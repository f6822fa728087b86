import type { DType } from "../graph/dtype.ts";
import type { Shape } from "../graph/shape.ts";
import { type Tensors, whileLoop } from "../tensor/control.ts";
import { arange, full, zeros } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";
import { type Controller, memoryOf, nextStep } from "./controller.ts";
import { norm, scaleOf, type Tolerance } from "./error-norm.ts";
import { firstStep } from "./first-step.ts";
import type { Stepper } from "./method.ts";
import { type Rate, rateAt } from "./rate.ts";
import { status } from "./status.ts";
import { stepWithGradient } from "./step-gradient.ts";

export interface Adaptive extends Tolerance {
  readonly controller: Controller;
  /** The most steps, refused ones too, that are taken. */
  readonly maxSteps: number;
  /** The first step's length, in place of a guess. */
  readonly firstStep?: number;
}

/** What a journey along a solution came to. All but the states are 1 along their axes, or scalars. */
export interface Journey {
  /** The states at the times between the first and the last, [times - 2, ...state]; zeros where it did not get to. */
  readonly between: Tensor | undefined;
  /** How many of those it got to. */
  readonly passed: Tensor;
  /** Where it ended. */
  readonly y: Tensor;
  readonly t: Tensor;
  readonly status: Tensor;
  readonly steps: Tensor;
  readonly rejected: Tensor;
}

/** The states of so many wanted times are read off one step; a step that would pass more is made shorter. */
const mostInAStep = 8;

/**
 * Goes from the first of `times` to the last by steps as long as the error allows. The loop's state is the solution's,
 * and a table that fills with the states at the wanted times, read off the steps that pass them.
 *
 * @param times   [times], or 1 along the state's axes but for the trajectories'; rising or falling
 * @param falling whether the times fall: known, or a tensor of 1 and -1
 */
export function adaptive(
  stepper: Stepper,
  rate: Rate,
  y0: Tensor,
  times: Tensor,
  direction: Tensor,
  options: Adaptive,
): Journey {
  const { batch, controller, maxSteps } = options;
  const { dtype } = y0;
  const order = (stepper.errorOrder as number) + 1;
  const lanes: Shape = batch === undefined ? [] : y0.shape.map((n, axis) => (axis === batch ? n : 1));
  const each = (value: number, type: DType = dtype) => full(lanes, value, type);
  const [start, end] = [times.at(0), times.at(-1)];
  const wanted = new Wanted(times, y0, lanes);
  const remembered = memoryOf(controller);
  const span = end.sub(start);
  const f0 = rateAt(rate, y0, start);
  const h =
    options.firstStep === undefined
      ? firstStep(rate, y0, start, f0, span, order, options)
      : each(options.firstStep).minimum(span.abs());

  const init: Tensors = {
    y: y0,
    t: start.expand(lanes),
    h: h.expand(lanes),
    ...(stepper.chains && { first: f0 }),
    ...(remembered > 0 && { before: each(1) }),
    ...(remembered > 1 && { earlier: each(1) }),
    ...wanted.init,
    status: where(span.eq(0), each(status.done, "int32"), status.running).expand(lanes),
    steps: each(0, "int32"),
    rejected: each(0, "int32"),
  };

  const last = whileLoop(
    init,
    (c) => (batch === undefined ? c.status.eq(status.running) : c.status.min().eq(status.running)),
    (c) => {
      const running = c.status.eq(status.running);
      const target = wanted.furthest(c, end);
      const left = target.sub(c.t);
      const lands = c.h.mul(1.01).ge(left.abs());
      const length = where(lands, left.abs(), c.h.stopGradient());
      const signed = where(lands, left, c.h.stopGradient().mul(direction));
      const step = batch === undefined ? signed : where(running, signed, 0);

      const found = stepper.step(rate, c.y, c.t, step, c.first);
      const estimate = (found.error as () => Tensor)().stopGradient();
      const r = norm(options, estimate.div(scaleOf(options, c.y, found.y).stopGradient()));
      const accepted = r.le(1).and(running);
      const reached = where(lands, target, c.t.add(step));
      const passing = wanted.passing(c, reached, step, accepted, direction);
      const safe = where(accepted, step, 0);
      const after = stepWithGradient(stepper, rate, [c.y, c.t, step, c.first], safe, passing?.theta);

      const errors = [r, c.before, c.earlier].filter((x) => x !== undefined);
      const grown = nextStep(controller, errors, order);
      // After a refusal only this step's error counts; one that is not finite is far too long.
      const shrunk = nextStep({ ...controller, grow: 1 }, [r], order);
      const shorter = length.mul(where(r.le(Number.MAX_VALUE), shrunk, controller.shrink));
      const longer = where(lands, c.h.maximum(length.mul(grown)), length.mul(grown));
      const tooShort = shorter.le(
        c.t
          .abs()
          .maximum(span.abs().mul(1e-3))
          .mul(tiny[dtype as "float32" | "float64"]),
      );
      const lost = running.and(accepted.not()).and(tooShort);
      const ended = accepted.and(lands).and(wanted.isLast(c));
      const count = (x: Tensor, when: Tensor) => x.add(when.cast("int32"));
      const trouble = where(r.le(Number.MAX_VALUE), full([], status.stuck, "int32"), status.notFinite);
      return {
        y: where(accepted, after.y, c.y),
        t: where(accepted, reached, c.t),
        h: where(accepted, longer, shorter).stopGradient(),
        ...(c.first && { first: where(accepted, after.last as Tensor, c.first) }),
        ...(c.before && { before: where(accepted, r, c.before).stopGradient() }),
        ...(c.earlier && { earlier: where(accepted, c.before, c.earlier).stopGradient() }),
        ...wanted.put(c, passing, after.rows),
        status: where(ended, each(status.done, "int32"), where(lost, trouble, c.status)),
        steps: count(c.steps, accepted),
        rejected: count(c.rejected, running.and(accepted.not())),
      };
    },
    { limit: maxSteps },
  );
  const { y, t, steps, rejected } = last;
  const ended = where(last.status.eq(status.running), each(status.tooMany, "int32"), last.status);
  return { between: last.table, passed: last.next ?? each(0, "int32"), y, t, status: ended, steps, rejected };
}

/** A step shorter than this part of the time is lost in rounding. */
const tiny = { float32: 1e-6, float64: 4e-15 };

/** The wanted times that a step passes, and where in the step they lie. */
interface Passing {
  /** [most in a step, 1, ...] */
  readonly theta: Tensor;
  readonly hit: Tensor;
}

/** The table of states at the times between the first and the last, and how it fills. */
class Wanted {
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
    const theta = where(hit, time.sub(t).div(where(hit, step, 1)), 0);
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
