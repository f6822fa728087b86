import { isFloat } from "../../graph/dtype.ts";
import { type Tensors, whileLoop } from "../../tensor/control.ts";
import { full } from "../../tensor/functions.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { checkpoint } from "../../transforms/checkpoint.ts";
import { ravel, unravel } from "../../transforms/structure.ts";
import { batchShapeOf } from "../batch-shape.ts";
import type { Problem } from "../in-blocks.ts";
import type { Stepper } from "../methods/stepper.ts";
import { rateAt } from "../rate.ts";
import { memoryOf } from "./controller.ts";
import { sideAtStart } from "./event.ts";
import { firstStep } from "./first-step.ts";
import { type Course, iteration } from "./iteration.ts";
import { status } from "./status.ts";
import { Wanted } from "./wanted.ts";

/** What a journey along a solution came to. All but the states are scalars, or 1 along all axes but the trajectories'. */
export type Journey = {
  /** The states at the times between the first and the last, [times - 2, ...state]; zeros where it did not get to. */
  readonly between?: Tensor;
  /** How many of those it got to. */
  readonly passed: Tensor;
  /** How often a step was computed again, to read more of them off it. */
  readonly readings: Tensor;
  /** Where it ended. */
  readonly y: Tensor;
  readonly t: Tensor;
  readonly status: Tensor;
  readonly steps: Tensor;
  readonly rejected: Tensor;
};

/**
 * Goes from the first of `times` to the last by steps as long as the error allows. The loop carries the state, what chooses
 * the next step, and a table that fills with the states at the wanted times.
 */
export function adaptive(stepper: Stepper, { rate, y0, times, direction, options }: Problem): Journey {
  const { batch, controller, maxSteps, checkpoints } = options;
  const batchShape = batchShapeOf(y0, batch);
  const one = (value: number) => full(batchShape, value, y0.dtype);
  const whole = (value: number) => full(batchShape, value, "int32");
  const [start, end] = [times.at(0).expand(batchShape), times.at(-1)];
  const span = end.sub(start);
  const wanted = new Wanted(times, y0, batch);
  const remembered = memoryOf(controller);
  const f0 = rateAt(rate, y0, start);
  const order = (stepper.errorOrder as number) + 1;
  const guess = options.firstStep
    ? one(options.firstStep).minimum(span.abs())
    : firstStep(rate, y0, start, f0, span, order, options);
  const h = options.maxStep === undefined ? guess : guess.minimum(options.maxStep);
  const entry = options.event && sideAtStart(options.event, y0, start, f0, direction);
  const init: Tensors = {
    y: y0,
    t: start,
    h: h.expand(batchShape),
    ...(stepper.chains && { first: f0 }),
    ...(remembered > 0 && { before: one(0) }),
    ...(remembered > 1 && { earlier: one(0) }),
    ...wanted.init,
    ...(entry && { side: entry.side }),
    status: entry ? where(entry.happens, whole(status.event), status.running) : whole(status.running),
    steps: whole(0),
    rejected: whole(0),
  };
  const course: Course = { stepper, rate, end, span, direction, wanted, options };
  const goesOn = (c: Tensors) => (batchShape.length > 0 ? c.status.min() : c.status).eq(status.running);
  const tried = (c: Tensors) => (batchShape.length > 0 ? c.steps.add(c.rejected).max() : c.steps.add(c.rejected));
  const mayGoOn = (c: Tensors) => goesOn(c).and(tried(c).lt(maxSteps));
  const most = maxSteps + wanted.readings;
  const run = (from: Tensors, limit: number, more = goesOn) =>
    whileLoop(from, more, (c) => iteration(course, c), { limit });
  const last = checkpoints
    ? whileLoop(
        init,
        goesOn,
        checkpointed((c) => run(c, Math.ceil(most / checkpoints), wanted.readings > 0 ? goesOn : mayGoOn)),
        { limit: checkpoints },
      )
    : run(init, most);
  const { y, t, steps, rejected, table, next } = last;
  const ended = where(last.status.eq(status.running), whole(status.tooMany), last.status);
  return {
    ...(table && { between: wanted.rows(table) }),
    passed: next ?? whole(0),
    readings: last.readings ?? whole(0),
    y,
    t,
    status: ended,
    steps,
    rejected,
  };
}

/** `checkpoint` of several values, as one vector; the whole numbers among them, which are small, go as floats. */
function checkpointed(f: (state: Tensors) => Tensors): (state: Tensors) => Tensors {
  return (state) => {
    const { dtype } = state.y;
    const each = (all: Tensors, change: (x: Tensor, name: string) => Tensor): Tensors =>
      Object.fromEntries(Object.entries(all).map(([name, x]) => [name, change(x, name)]));
    const names = Object.keys(state).filter((name) => isFloat(state[name].dtype));
    const packed = checkpoint((...xs: Tensor[]) => {
      const after = f({ ...state, ...Object.fromEntries(names.map((name, i) => [name, xs[i]])) });
      return ravel(each(after, (x) => (isFloat(x.dtype) ? x : x.cast(dtype).stopGradient())));
    })(...names.map((name) => state[name]));
    return each(unravel(packed, state), (x, name) => x.cast(state[name].dtype));
  };
}
