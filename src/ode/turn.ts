import type { Tensors } from "../tensor/control.ts";
import { concat, full } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";
import { type Controller, logOf, nextStep } from "./controller.ts";
import { meanSquare, scaleOf, type Tolerance } from "./error-norm.ts";
import { type Crossing, crossingIn, type Event, placeOf } from "./event.ts";
import type { Stepper } from "./method.ts";
import type { Rate } from "./rate.ts";
import { status } from "./status.ts";
import { stepWithGradient } from "./step-gradient.ts";
import type { Wanted } from "./wanted.ts";

export interface Adaptive extends Tolerance {
  readonly controller: Controller;
  /** The most steps, refused ones too, that are taken. */
  readonly maxSteps: number;
  /** The first step's length, in place of a guess. */
  readonly firstStep?: number;
  readonly event?: Event;
  /** Of how many states along the way the backward pass starts again, in place of every step's start. */
  readonly checkpoints?: number;
}

/** What stays the same from turn to turn. */
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
 * One turn of the loop: a step is tried, and taken or refused. A trajectory that has ended takes steps of length 0 until
 * the others have.
 */
export function turn(course: Course, c: Tensors): Tensors {
  const { stepper, rate, end, direction, wanted, options } = course;
  const running = c.status.eq(status.running);
  const target = wanted.furthest(c, end);
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
  const crossing = event && crossingIn(event, found, { y: c.y, t: c.t, h }, landed, accepted);
  const reached = crossing ? where(crossing.happens, c.t.add(h.mul(crossing.theta)), landed) : landed;
  const passing = wanted.passing(c, reached, h, accepted, direction);
  const thetas = [passing?.theta, crossing?.theta.reshape([1, ...c.y.shape.map(() => 1)])].filter(
    (x) => x !== undefined,
  );
  const theta = thetas.length > 0 ? concat(thetas) : undefined;
  const after = stepWithGradient(stepper, rate, found, [c.y, c.t, h, c.first], where(accepted, h, 0), theta);
  const rows = passing && after.rows?.slice(0, 0, passing.theta.shape[0]);
  const place = crossing && event && placeOf(event, rate, (after.rows as Tensor).at(-1), reached, crossing.happens);
  const arrival = place ? where((crossing as Crossing).happens, place.y, after.y) : after.y;
  const time = place ? where((crossing as Crossing).happens, place.t, reached) : reached;

  const next = lengths(course, c, { square, length: where(lands, left.abs(), proposed), lands });
  const stands = lands.not().and(signed.eq(0));
  const lost = running.and(accepted.not().and(next.tooShort).or(stands));
  const trouble = where(square.le(Number.MAX_VALUE), full([], status.stuck, "int32"), status.notFinite);
  const arrived = accepted.and(lands).and(wanted.isLast(c));
  const ended = where(arrived, full([], status.done, "int32"), where(lost, trouble, c.status));
  const count = (x: Tensor, when: Tensor) => x.add(when.cast("int32"));
  return {
    y: where(accepted, arrival, c.y),
    t: where(accepted, time, c.t),
    h: where(accepted, next.longer, next.shorter).stopGradient(),
    ...(c.first && { first: where(accepted, after.last as Tensor, c.first) }),
    ...(c.before && { before: where(accepted, next.log, c.before).stopGradient() }),
    ...(c.earlier && { earlier: where(accepted, c.before, c.earlier).stopGradient() }),
    ...wanted.put(c, passing, rows),
    status: crossing ? where(crossing.happens, full([], status.event, "int32"), ended) : ended,
    steps: count(c.steps, accepted),
    rejected: count(c.rejected, running.and(accepted.not())),
  };
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
  return {
    log,
    // A step that was made shorter to land says little of how long the next may be.
    longer: where(lands, c.h.maximum(grown), grown),
    shorter,
    tooShort: shorter.le(scale.mul(tiny[c.t.dtype as "float32" | "float64"])),
  };
}
