import { jvp } from "../autodiff/derivatives.ts";
import { PondusError } from "../graph/errors.ts";
import { formatShape } from "../graph/shape.ts";
import { cond, scan } from "../tensor/control.ts";
import { full } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";
import type { Step } from "./method.ts";
import { type Rate, rateAt } from "./rate.ts";

/**
 * Something that ends a solution: a function of state and time goes through 0. Its time and state have first derivatives;
 * second ones would need the path's curvature there, and are not right.
 */
export interface Event {
  readonly when: (y: Tensor, t: Tensor) => Tensor;
  /** Upwards alone, downwards alone, or either (default). */
  readonly direction?: "rising" | "falling";
}

/** A zero inside a step. */
export interface Crossing {
  readonly happens: Tensor;
  /** Where in the step; 0 where there is none. */
  readonly theta: Tensor;
}

/** Halvings of the step after which its zero is known to rounding. */
const halvings = { float32: 26, float64: 54 };

/** Looks for a zero in a step that was taken, and if there is one, halves the step around it. */
export function crossingIn(
  event: Event,
  step: Step,
  from: { readonly y: Tensor; readonly t: Tensor; readonly h: Tensor },
  reached: Tensor,
  accepted: Tensor,
): Crossing {
  const { y, t, h } = from;
  const height = (state: Tensor, time: Tensor) => heightOf(event, state, time);
  const [before, after] = [height(y, t).stopGradient(), height(step.y, reached).stopGradient()];
  const rises = before.lt(0).and(after.ge(0));
  const falls = before.gt(0).and(after.le(0));
  const wanted = event.direction === "rising" ? rises : event.direction === "falling" ? falls : rises.or(falls);
  const happens = accepted.and(wanted);
  const dtype = y.dtype as "float32" | "float64";
  const number = (x: number) => full([], x, dtype);
  const { theta } = cond(
    happens,
    () => {
      const { carry } = scan(
        { low: number(0), high: number(1) },
        ({ low, high }) => {
          const middle = low.add(high).mul(0.5);
          const there = step.at(middle.reshape([1, ...y.shape.map(() => 1)])).at(0);
          const isAfter = height(there, t.add(h.mul(middle)))
            .mul(before)
            .le(0);
          return { carry: { low: where(isAfter, low, middle), high: where(isAfter, middle, high) } };
        },
        { length: halvings[dtype] },
      );
      return { theta: carry.high };
    },
    () => ({ theta: number(0) }),
  );
  return { happens, theta: theta.stopGradient() };
}

/**
 * The state and the time of an event near `y` and `t`, which are known to be there: what Newton's iteration would change is
 * nothing but how they depend on all else.
 */
export function placeOf(event: Event, rate: Rate, y: Tensor, t: Tensor, happens: Tensor): { y: Tensor; t: Tensor } {
  const flow = rateAt(rate, y, t).stopGradient();
  const height = heightOf(event, y, t);
  const slope = jvp(height, [y, t], [flow, full([], 1, t.dtype)]).stopGradient();
  const late = where(happens, height.div(where(happens.and(slope.ne(0)), slope, 1)), 0);
  return { y: y.sub(flow.mul(late)), t: t.sub(late) };
}

function heightOf(event: Event, y: Tensor, t: Tensor): Tensor {
  const height = event.when(y, t);
  if (height.rank === 0 && height.dtype === y.dtype) return height;
  throw new PondusError(
    "ode.event",
    `ode.solve: an event is one ${y.dtype} that goes through 0, but it is ${height.dtype} ${formatShape(height.shape)}; ` +
      "reduce it to one number.",
  );
}
