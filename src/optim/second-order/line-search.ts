import { whileLoop } from "../../tensor/control.ts";
import { full } from "../../tensor/functions.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { along, carried, choose, dot, type Vector, vectorIn } from "../vector.ts";
import { choose as chooseStep, type Interval } from "./line-step.ts";
import type { Objective, Slope } from "./objective.ts";

export interface LineSearchOptions {
  /** Sufficient decrease: the loss must fall by this share of what the slope promises (default 1e-3). */
  readonly decrease?: number;
  /** Curvature: the slope must shrink to this share of the first one (default 0.9). */
  readonly curvature?: number;
  /** At most so many trial points (default 20). */
  readonly trials?: number;
}

export interface Found extends Slope {
  readonly weights: Tensor[];
  /** How far along the direction. */
  readonly step: Tensor;
  /** Whether there was a point that is lower (bool); where not, all of this is as it was at the start. */
  readonly lower: Tensor;
  /** Evaluations of loss and gradient (int32). */
  readonly evaluations: Tensor;
}

/** No step is longer, in units of the direction. */
const longest = 1e10;
/** An interval narrower than this share of its upper end is not searched further. */
const narrow = 0.1;

/**
 * A step along `direction` that satisfies the strong Wolfe conditions (Nocedal & Wright, Numerical Optimization, 2nd
 * ed., eq. 3.7), by the search of More and Thuente (ACM Trans. Math. Softw. 20, 286, 1994), as MINPACK-2's dcsrch and
 * with it SciPy's L-BFGS-B compute it. Where the loss or its slope is not finite the step was too long, and is halved.
 *
 * @param first   the first step to try
 * @param active  bool: where false nothing is evaluated and the start comes back
 */
export function lineSearch(
  objective: Objective,
  from: Slope,
  direction: Vector,
  options: LineSearchOptions & { readonly first: Tensor; readonly active: Tensor },
): Found {
  const { decrease = 1e-3, curvature = 0.9, trials = 20, first, active } = options;
  const { dtype, here } = objective;
  const real = (x: number) => full([], x, dtype);
  const slope = dot(from.gradient, direction);
  const promised = slope.mul(decrease);
  const downhill = active.and(slope.lt(0));
  const start = {
    step: first,
    // The interval: `low` holds the best point so far, `other` is the other end.
    low: real(0),
    lowLoss: from.loss,
    lowSlope: slope,
    other: real(0),
    otherLoss: from.loss,
    otherSlope: slope,
    bracketed: full([], 0, "bool"),
    // From here on the loss itself is searched, no longer its distance from the line of sufficient decrease.
    second: full([], 0, "bool"),
    least: real(0),
    most: first.mul(5),
    width: real(longest),
    widthBefore: real(2 * longest),
    taken: real(0),
    loss: from.loss,
    lower: full([], 0, "bool"),
    searching: downhill,
    count: full([], 0, "int32"),
    ...carried("x", here),
    ...carried("g", from.gradient),
  };
  const end = whileLoop(
    start,
    (c) => c.searching,
    (c) => {
      const { step } = c;
      const weights = along(here, step, direction);
      const trial = objective.at(weights);
      const rise = dot(trial.gradient, direction);
      const known = finite(trial.loss).and(finite(rise));
      const loss = where(known, trial.loss, Number.POSITIVE_INFINITY);
      const at = where(known, rise, 0);
      const enough = loss.le(from.loss.add(promised.mul(step)));
      const second = c.second.or(enough.and(at.ge(0)));
      const wolfe = enough.and(at.abs().le(slope.mul(-curvature)));
      const pinched = c.bracketed.and(
        step
          .le(c.least)
          .or(step.ge(c.most))
          .or(c.most.sub(c.least).le(c.most.mul(narrow))),
      );
      const count = c.count.add(1);
      const last = pinched.or(count.ge(trials)).or(step.ge(longest).and(enough).and(at.le(promised)));

      const tilted = second.not().and(loss.le(c.lowLoss)).and(enough.not());
      const next = nextStep({ ...c, loss, slope: at }, where(tilted, promised, 0));
      return {
        ...next,
        second,
        taken: step,
        loss,
        lower: wolfe.or(last.and(loss.lt(from.loss))),
        searching: wolfe.or(last).not(),
        count,
        ...carried("x", weights),
        ...carried("g", trial.gradient),
      };
    },
  );
  const { lower } = end;
  return {
    lower,
    step: where(lower, end.taken, 0),
    loss: where(lower, end.loss, from.loss),
    weights: choose(lower, vectorIn(end, "x", here), here),
    gradient: choose(lower, vectorIn(end, "g", here), from.gradient),
    evaluations: end.count,
  };
}

type State = Interval & Record<"least" | "most" | "width" | "widthBefore", Tensor>;

/** The interval after a trial at `step`, and the next step to try. */
function nextStep(c: State, tilt: Tensor) {
  // With a tilt, what is searched is the distance from the line of sufficient decrease.
  const tilted = (loss: Tensor, step: Tensor) => loss.sub(step.mul(tilt));
  const chosen = chooseStep({
    ...c,
    loss: tilted(c.loss, c.step),
    slope: c.slope.sub(tilt),
    lowLoss: tilted(c.lowLoss, c.low),
    lowSlope: c.lowSlope.sub(tilt),
    otherLoss: tilted(c.otherLoss, c.other),
    otherSlope: c.otherSlope.sub(tilt),
  });
  const { low, other, bracketed } = chosen;
  const span = other.sub(low);
  const slow = bracketed.and(span.abs().ge(c.widthBefore.mul(0.66)));
  const step = where(slow, low.add(span.mul(0.5)), chosen.step);
  const least = where(bracketed, low.minimum(other), step.add(step.sub(low).mul(1.1)));
  const most = where(bracketed, low.maximum(other), step.add(step.sub(low).mul(4)));
  const kept = step.clip(0, longest);
  const pinched = kept
    .le(least)
    .or(kept.ge(most))
    .or(most.sub(least).le(most.mul(narrow)));
  return {
    low,
    lowLoss: chosen.lowLoss.add(low.mul(tilt)),
    lowSlope: chosen.lowSlope.add(tilt),
    other,
    otherLoss: chosen.otherLoss.add(other.mul(tilt)),
    otherSlope: chosen.otherSlope.add(tilt),
    bracketed,
    least,
    most,
    width: where(bracketed, span.abs(), c.width),
    widthBefore: where(bracketed, c.width, c.widthBefore),
    step: where(bracketed.and(pinched), low, kept),
  };
}

export function finite(x: Tensor): Tensor {
  return x.abs().lt(Number.POSITIVE_INFINITY);
}
