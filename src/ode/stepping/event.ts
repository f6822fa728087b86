import { PondusError } from "../../graph/errors.ts";
import { formatShape } from "../../graph/shape.ts";
import { cond, scan } from "../../tensor/control.ts";
import { arange, full } from "../../tensor/functions.ts";
import { Tensor, where } from "../../tensor/tensor.ts";
import { jvp } from "../../transforms/derivatives.ts";
import type { Step } from "../methods/stepper.ts";
import { type Rate, rateAt } from "../rate.ts";

/**
 * Something that ends a solution: a function of state and time goes through 0, or a yes/no one (a bool) becomes true. A
 * function that is 0 at the start counts from the side to which it moves; a bool that is true at the start ends the solution there.
 *
 * It is looked at eight times in a step, so that of several crossings in a step the first is found unless two of them lie within an
 * eighth of it: `maxStep` makes steps shorter. Time and state have first derivatives (by the implicit function
 * theorem; second ones would need the path's curvature, and are not right) where the function is continuous. Where it jumps
 * (a bool, a sign, a piecewise function, a pole) the jump is found as well, but nothing is known of what moves it: its time is
 * taken as given, with a derivative of zero, and the state's is that at this time.
 */
export interface Event {
  /** One float of the state's type, or one bool. */
  readonly when: (y: Tensor, t: Tensor) => Tensor;
  /** Upwards alone, downwards alone, or either (default); for a bool, becoming true (default) or becoming false. */
  readonly direction?: "rising" | "falling";
}

/** A crossing inside a step. */
export interface Crossing {
  readonly happens: Tensor;
  /** Where in the step; 0 where there is none. */
  readonly theta: Tensor;
  /** Whether the function is continuous there. */
  readonly smooth: Tensor;
  /** On which side of 0 the function is at the step's end: 1 or -1, or 0 where it has been nowhere else yet. */
  readonly side: Tensor;
  /** Whether it was no number on the way. */
  readonly isNaN: Tensor;
}

/** In so many equal parts of a step the function is looked at. */
const parts = 8;

/**
 * Halvings of a part after which the crossing is known to rounding, and after how many of them two heights are compared: a
 * continuous function's ends come nearer as the bracket gets shorter, a jump's do not.
 */
const halvings = { float32: { all: 24, wide: 4, narrow: 10 }, float64: { all: 52, wide: 18, narrow: 34 } };

/** On which side an event begins, and whether it has happened at once. */
export function sideAtStart(
  event: Event,
  y: Tensor,
  t: Tensor,
  f0: Tensor,
  direction: Tensor,
): { readonly side: Tensor; readonly happens: Tensor } {
  const height = heightOf(event, y, t);
  const slope = jvp(height, [y, t], [f0, full([], 1, t.dtype)]).mul(direction);
  const side = where(height.eq(0), slope.sign(), height.sign()).stopGradient();
  // A number that begins beyond 0 has still to come back to it.
  const happens = isYesNo(event, y, t) ? side.eq(event.direction === "falling" ? -1 : 1) : full([], 0, "int32").eq(1);
  return { side, happens };
}

/** Looks for the first crossing in a step that was taken, and if there is one, halves the part around it. */
export function crossingIn(
  event: Event,
  step: Step,
  from: { readonly y: Tensor; readonly t: Tensor; readonly h: Tensor; readonly side: Tensor },
  accepted: Tensor,
): Crossing {
  const { y, t, h } = from;
  const dtype = y.dtype as "float32" | "float64";
  const number = (x: number) => full([], x, dtype);
  const height = (theta: Tensor) => {
    const there = step.at(theta.reshape([1, ...y.shape.map(() => 1)])).at(0);
    return heightOf(event, there, t.add(h.mul(theta))).stopGradient();
  };
  const way = event.direction ?? (isYesNo(event, y, t) ? "rising" : undefined);
  const none = { side: from.side, theta: number(0), smooth: number(0), found: number(0), nan: number(0) };
  const { side, theta, smooth, found, nan } = cond(
    accepted,
    () => {
      const looked = scan(
        { side: from.side, low: number(0), before: from.side, found: number(0), nan: number(0) },
        ({ side, low, before, found, nan }, { k }) => {
          const now = height(k.add(1).div(parts));
          const rises = side.lt(0).and(now.ge(0));
          const falls = side.gt(0).and(now.le(0));
          const crosses = way === "rising" ? rises : way === "falling" ? falls : rises.or(falls);
          const first = crosses.and(found.eq(0));
          return {
            carry: {
              side: where(now.gt(0).or(now.lt(0)), now.sign(), side),
              low: where(first, k.div(parts), low),
              before: where(first, side, before),
              found: where(first, 1, found),
              nan: where(now.ne(now).and(found.eq(0)), 1, nan),
            },
          };
        },
        { xs: { k: arange(parts, dtype) } },
      ).carry;
      const { low, before, found, nan } = looked;
      return cond(
        found.eq(1),
        () => ({ side: looked.side, found, nan, ...narrowed(height, low, before, dtype) }),
        () => ({ ...none, side: looked.side, nan }),
      );
    },
    () => none,
  );
  return { happens: found.eq(1), theta, smooth: smooth.eq(1), side, isNaN: nan.eq(1) };
}

/** Halves a part of a step that begins at `low`, until the crossing is known to rounding. */
function narrowed(height: (theta: Tensor) => Tensor, low: Tensor, before: Tensor, dtype: "float32" | "float64") {
  const { all, wide, narrow } = halvings[dtype];
  const high = low.add(1 / parts);
  const zero = full([], 0, dtype);
  const start = { low, high, lowest: height(low), highest: height(high), wide: zero, narrow: zero };
  const { carry } = scan(
    start,
    ({ low, high, lowest, highest, wide: wider, narrow: narrower }, { i }) => {
      const middle = low.add(high).mul(0.5);
      const there = height(middle);
      const isBefore = there.mul(before).gt(0);
      const apart = highest.sub(lowest).abs();
      return {
        carry: {
          low: where(isBefore, middle, low),
          lowest: where(isBefore, there, lowest),
          high: where(isBefore, high, middle),
          highest: where(isBefore, highest, there),
          wide: where(i.eq(wide), apart, wider),
          narrow: where(i.eq(narrow), apart, narrower),
        },
      };
    },
    { xs: { i: arange(all, dtype) } },
  );
  const smooth = carry.narrow.lt(carry.wide.mul(0.5));
  return { theta: carry.high, smooth: smooth.cast(dtype) };
}

/**
 * The state and the time of an event, which `y` and `t` are already, with how they depend on all else: what Newton's iteration would
 * change, less what it comes to here.
 */
export function placeOf(
  event: Event,
  rate: Rate,
  { y, t }: { readonly y: Tensor; readonly t: Tensor },
  start: { readonly y: Tensor; readonly t: Tensor },
  known: Tensor,
): { readonly y: Tensor; readonly t: Tensor } {
  if (isYesNo(event, y, t)) return { y, t };
  // Where there is no derivative nothing is asked of the function near a pole, where it would be infinite.
  const [place, time] = [where(known, y, start.y.stopGradient()), where(known, t, start.t.stopGradient())];
  const flow = rateAt(rate, place, time).stopGradient();
  const height = heightOf(event, place, time);
  const slope = jvp(height, [place, time], [flow, full([], 1, t.dtype)]).stopGradient();
  const has = known.and(slope.abs().gt(0)).and(slope.abs().lt(Number.POSITIVE_INFINITY));
  const late = where(has, height.sub(height.stopGradient()).div(where(has, slope, 1)), 0);
  return { y: y.sub(flow.mul(late)), t: t.sub(late) };
}

const isYesNo = (event: Event, y: Tensor, t: Tensor): boolean => event.when(y, t).dtype === "bool";

/** What goes through 0; of a yes/no event, 1 for yes and -1 for no. */
function heightOf(event: Event, y: Tensor, t: Tensor): Tensor {
  const height = event.when(y, t);
  if (height instanceof Tensor && height.rank === 0) {
    if (height.dtype === y.dtype) return height;
    if (height.dtype === "bool") return where(height, full([], 1, y.dtype), -1);
  }
  const came = height instanceof Tensor ? `${height.dtype} ${formatShape(height.shape)}` : typeof height;
  throw new PondusError(
    "ode.event",
    `ode.solve: an event is one ${y.dtype} that goes through 0, or one bool that becomes true, but it is ${came}; ` +
      "reduce it to one number.",
  );
}
