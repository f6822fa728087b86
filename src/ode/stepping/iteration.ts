import type { Tensors } from "../../tensor/control.ts";
import { concat, full } from "../../tensor/functions.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { stepWithGradient } from "../adjoints/step-gradient.ts";
import type { Stepper } from "../methods/stepper.ts";
import type { Rate } from "../rate.ts";
import { type Controller, logOf, nextStep } from "./controller.ts";
import { meanSquare, scaleOf, type Tolerance } from "./error-norm.ts";
import { type Crossing, crossingIn, type Event, placeOf } from "./event.ts";
import { status } from "./status.ts";
import { nextStop } from "./stops.ts";
import type { Wanted } from "./wanted.ts";

export interface Adaptive extends Tolerance {
  readonly controller: Controller;
  /** The most steps, refused ones too, that are taken. */
  readonly maxSteps: number;
  /** The first step's length, in place of a guess. */
  readonly firstStep?: number;
  readonly event?: Event;
  /** The longest step. */
  readonly maxStep?: number;
  /** Times at which steps end exactly, [stops, ...], 1 along the state's axes but for the trajectories', or [stops]. */
  readonly stops?: Tensor;
  /** Of how many states along the way the backward pass starts again, in place of every step's start. */
  readonly checkpoints?: number;
}

/** What stays the same from iteration to iteration. */
export interface Course {
  readonly stepper: Stepper;
  readonly rate: Rate;
  readonly end: Tensor;
  readonly span: Tensor;
  /** 1 or -1. */
  readonly direction: Tensor;
  readonly wanted: Wanted;
  readonly options: Adaptive;
}

/** A step shorter than this part of the time is lost in rounding. */
const tiny = { float32: 1e-6, float64: 4e-15 };

/**
 * One iteration of the loop: a step is tried, and taken or refused. One that passes more wanted times than an iteration reads is
 * tried again, and read on. A trajectory that has ended takes steps of length 0 until the others have.
 */
export function iteration(course: Course, c: Tensors): Tensors {
  const { stepper, rate, end, direction, wanted, options } = course;
  const running = c.status.eq(status.running);
  const target = options.stops ? nextStop(options.stops, c.t, end, direction) : end;
  const left = target.sub(c.t);
  const proposed = c.h.stopGradient();
  const lands = proposed.mul(1.01).ge(left.abs());
  // What the time can hold is the step, so that a state never moves by other than its time does.
  const landed = where(lands, target, c.t.add(proposed.mul(direction)));
  const signed = landed.sub(c.t);
  const h = options.batch === undefined ? signed : where(running, signed, 0);

  const found = stepper.step(rate, c.y, c.t, h, c.first);
  const estimate = (found.error as () => Tensor)().stopGradient();
  const square = meanSquare(options, estimate.div(scaleOf(options, c.y, found.y).stopGradient()));
  const accepted = square.le(1).and(running);

  const { event } = options;
  const crossing = event && crossingIn(event, found, { y: c.y, t: c.t, h, side: c.side }, accepted);
  const reached = crossing ? where(crossing.happens, c.t.add(h.mul(crossing.theta)), landed) : landed;
  const passing = wanted.passing(c, reached, h, accepted, direction);
  const taken = passing ? accepted.and(passing.more.not()) : accepted;
  const thetas = [passing?.theta, crossing?.theta.reshape([1, ...c.y.shape.map(() => 1)])].filter(
    (x) => x !== undefined,
  );
  const theta = thetas.length > 0 ? concat(thetas) : undefined;
  const after = stepWithGradient(stepper, rate, found, [c.y, c.t, h, c.first], where(accepted, h, 0), theta);
  const filled = passing && wanted.put(c, passing, (after.rows as Tensor).slice(0, passing.theta.shape[0]));
  const crossed = crossing && event && endOf(event, rate, crossing, c, (after.rows as Tensor).at(-1), reached);
  const arrival = crossed ? where((crossing as Crossing).happens, crossed.y, after.y) : after.y;
  const time = crossed ? where((crossing as Crossing).happens, crossed.t, reached) : reached;

  const next = lengths(course, c, { square, length: where(lands, left.abs(), proposed), lands });
  const stands = lands.not().and(signed.eq(0));
  const lost = running.and(accepted.not().and(next.tooShort).or(stands));
  const trouble = where(square.le(Number.MAX_VALUE), full([], status.stuck, "int32"), status.notFinite);
  const isLast = options.stops ? lands.and(target.eq(end)) : lands;
  const count = (x: Tensor, when: Tensor) => x.add(when.cast("int32"));
  const [steps, rejected] = [count(c.steps, taken), count(c.rejected, running.and(accepted.not()))];
  // Where every iteration counts, the loop's limit is that of the steps.
  const spent = filled
    ? where(steps.add(rejected).ge(options.maxSteps).and(running), status.tooMany, c.status)
    : c.status;
  const stopped = where(lost, trouble, spent);
  const arrived = where(taken.and(isLast), full([], status.done, "int32"), stopped);
  const blind = crossing ? where(taken.and(crossing.isNaN), status.noEvent, arrived) : arrived;
  const moved = filled ? accepted.not().or(taken) : undefined;
  const grown = where(accepted, next.longer, next.shorter).stopGradient();
  return {
    y: where(taken, arrival, c.y),
    t: where(taken, time, c.t),
    h: moved ? where(moved, grown, c.h) : grown,
    ...(c.first && { first: where(taken, after.last as Tensor, c.first) }),
    ...(c.before && { before: where(taken, next.log, c.before).stopGradient() }),
    ...(c.earlier && { earlier: where(taken, c.before, c.earlier).stopGradient() }),
    ...filled,
    ...(crossing && { side: where(taken, crossing.side, c.side) }),
    status: crossing ? where(taken.and(crossing.happens), status.event, blind) : blind,
    steps,
    rejected,
  };
}

/** Where a solution ends that meets an event. */
function endOf(event: Event, rate: Rate, crossing: Crossing, c: Tensors, y: Tensor, t: Tensor) {
  const { happens, smooth } = crossing;
  return placeOf(event, rate, { y, t }, { y: c.y, t: c.t }, happens.and(smooth));
}

/** The next step's length where this one is taken and where it is refused, whether that is below rounding, and the error. */
function lengths(
  { stepper, span, options }: Course,
  c: Tensors,
  { square, length, lands }: { readonly square: Tensor; readonly length: Tensor; readonly lands: Tensor },
) {
  const { controller } = options;
  const order = (stepper.errorOrder as number) + 1;
  const log = logOf(square);
  const logs = [log, c.before, c.earlier].filter((x) => x !== undefined);
  const grown = length.mul(nextStep(controller, logs, order));
  // After a refusal only this step's error counts; one that is not finite is far too long.
  const shrunk = where(
    square.le(Number.MAX_VALUE),
    nextStep({ ...controller, grow: 1 }, [log], order),
    controller.shrink,
  );
  const shorter = length.mul(shrunk);
  const scale = c.t.abs().maximum(span.abs().mul(1e-3));
  // A step that was made shorter to land says little of how long the next may be.
  const longer = where(lands, c.h.maximum(grown), grown);
  return {
    log,
    longer: options.maxStep === undefined ? longer : longer.minimum(options.maxStep),
    shorter,
    tooShort: shorter.le(scale.mul(tiny[c.t.dtype as "float32" | "float64"])),
  };
}
