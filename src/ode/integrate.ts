import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { explained } from "../graph/origin.ts";
import { arange, concat, full } from "../tensor/functions.ts";
import { Tensor, where } from "../tensor/tensor.ts";
import { type Backsolve, direct } from "./adjoints/adjoint.ts";
import { type Leg, withBacksolve } from "./adjoints/backsolve.ts";
import { type Carry, withForward } from "./adjoints/forward-sensitivity.ts";
import { sensitive } from "./adjoints/sensitive.ts";
import { batchShapeOf } from "./batch-shape.ts";
import { inBlocks, type Problem } from "./in-blocks.ts";
import { later } from "./later.ts";
import { tsit5 } from "./methods/explicit/tsit5.ts";
import { stepperOf } from "./methods/method.ts";
import type { Stepper } from "./methods/stepper.ts";
import { adaptiveOptions, batchAxis, checkNames, checkTogether, type SolveOptions } from "./options.ts";
import { reasonFor } from "./outcome.ts";
import type { Rate } from "./rate.ts";
import { adaptive, type Journey } from "./stepping/adaptive.ts";
import { fixed } from "./stepping/fixed.ts";
import { setting, status } from "./stepping/status.ts";
import { insideSteps } from "./stepping/stops.ts";
import { checkResolution, rateOf, sinceFirst, type Times, timesFor } from "./times.ts";

/** A solution, and what became of it. With `batch`, all but `path` and `y` have an entry for each trajectory. */
export interface Solution {
  /** [times, ...state]: the state at each time, NaN where the solution did not get to; in fixed steps, whatever came out. */
  readonly path: Tensor;
  /** Where it ended: the last time, unless something stopped it. */
  readonly t: Tensor;
  readonly y: Tensor;
  /** How it ended (int32); `ode.outcome` puts it in words. */
  readonly status: Tensor;
  readonly steps: Tensor;
  readonly rejected: Tensor;
  /** Calls of the rate, but for those of Newton's iteration; a step of which very many wanted times are read is computed anew for every few. */
  readonly evaluations: Tensor;
}

/**
 * Solves dy/dt = rate(y, t), and says what it took. Steps are as long as the error allows, or of fixed length where
 * `substeps` says how many, or where the method does not know its error. What goes wrong is no exception: `status` says
 * what, `t` and `y` where, and what was not reached is NaN.
 *
 * @param rate   the state's change per unit of time: a function of state and time, or a layer
 * @param y0     state at the first time, any shape, float
 * @param times  [n], evenly spaced or not; falling times integrate backwards. With `batch` also [n, trajectories]
 * @throws `ode.state`, `ode.times`, `ode.option`, `ode.rate`, `ode.event`, `ode.symplectic`, `ode.option` when an argument
 *         does not fit; `ode.adjoint` when a gradient by `ode.forward()` is of too many numbers
 */
export function integrate(
  rate: Rate,
  y0: Tensor,
  times: Tensor | readonly number[],
  options: SolveOptions = {},
): Solution {
  if (!(y0 instanceof Tensor)) {
    throw new PondusError(
      "ode.state",
      `ode.solve: the state must be a tensor, but ${JSON.stringify(y0)} came; write e.g. tensor([1, 0]).`,
    );
  }
  if (typeof rate !== "function") {
    throw new PondusError(
      "ode.rate",
      `ode.solve: the rate must be a function (y, t) => dy/dt, but ${typeof rate} came.`,
    );
  }
  if (!isFloat(y0.dtype)) {
    throw new PondusError(
      "ode.state",
      `ode.solve: the state must be a float, but it is ${y0.dtype}; cast it, e.g. y0.cast("float32").`,
    );
  }
  checkNames(options);
  const stepper = stepperOf(options.method ?? tsit5);
  const batch = batchAxis(options.batch, y0, stepper);
  const wanted = timesFor(times, y0, batch);
  checkResolution(times, y0, rate, batchShapeOf(y0, batch));
  const { substeps, rtol, atol } = options;
  const isFixed = substeps !== undefined || stepper.errorOrder === undefined;
  if (isFixed && (rtol !== undefined || atol !== undefined)) {
    const why = substeps === undefined ? `${stepper.name} does not know its error` : "substeps fixes the steps";
    throw new PondusError(
      "ode.option",
      `ode.solve: rtol and atol choose the steps, but ${why}; give one or the other.`,
    );
  }
  const adjoint = options.adjoint ?? direct();
  checkTogether(options, isFixed, batch);
  const solveOn = (start: Tensor, t: Times): Solution =>
    isFixed || t.values.shape[0] === 1
      ? inFixedSteps(stepper, rate, start, t, options, batch)
      : asExactly(stepper, rate, start, t, options, batch);
  const found = solveOn(y0, wanted);
  if (adjoint.kind === "direct") return found;
  const { values } = wanted;
  const there = rateOf(rate, wanted);
  const again = (start: Tensor, t: Tensor) => solveOn(start, { ...wanted, values: t }).path;
  const carry: Carry = (start, t, directions) => {
    const lift: Lift = (inner, law) => sensitive(inner, law, directions);
    const along = batch === undefined ? undefined : batch + 1;
    const { direction } = wanted;
    const spread = direction.rank > 0 ? direction.unsqueeze(0) : direction;
    const laid = batch !== undefined && t.rank > 1 ? t.unsqueeze(1) : t;
    return asExactly(stepper, rate, start, { ...wanted, direction: spread, values: laid }, options, along, lift).path;
  };
  const path =
    adjoint.kind === "forward"
      ? withForward(found.path, again, isFixed ? undefined : carry, there, y0, values)
      : withBacksolve(found.path, there, y0, values, legOf(adjoint, options, stepper, wanted));
  const done = found.status.eq(status.done);
  const arrived = done.rank === 0 ? done : done.reshape(batchShapeOf(y0, batch));
  return { ...found, path, y: where(arrived, path.at(-1), found.y) };
}

/** How the adjoint equation is solved from one wanted time to the one before. */
function legOf(adjoint: Backsolve, options: SolveOptions, stepper: Stepper, { zero }: Times): Leg {
  const { method, ...own } = adjoint;
  const solver = method ? stepperOf(method) : stepper;
  return (rate, y, times, counted) => {
    const { since, start } = sinceFirst(timesFor(times, y, undefined));
    const direction = where(since.at(-1).lt(0), full([], -1, y.dtype), 1);
    const { substeps = 1 } = options;
    const rateSince = later(rate, start);
    if (solver.errorOrder === undefined) {
      return fixed(solver, { rate: rateSince, y0: y, times: since, options: { batch: undefined } }, substeps).at(-1);
    }
    const { controller, maxSteps, maxStep, rtol, stops } = options;
    const atol = typeof options.atol === "number" ? options.atol : undefined;
    const absolute = typeof start === "number" ? start + zero : start.add(zero);
    const exact = adaptiveOptions({ controller, maxSteps, maxStep, rtol, atol, stops, ...own }, y, undefined, absolute);
    const problem = { rate: rateSince, y0: y, times: since, direction, options: { ...exact, counted } };
    const went = adaptive(exact.stops ? insideSteps(solver, absolute) : solver, problem);
    return where(went.status.eq(status.done), went.y, Number.NaN);
  };
}

/** What makes of a method and a rate those of a larger state. */
type Lift = typeof sensitive extends (stepper: Stepper, rate: Rate, ...rest: never[]) => infer R
  ? (stepper: Stepper, rate: Rate) => R
  : never;

function asExactly(
  method: Stepper,
  rate: Rate,
  y0: Tensor,
  times: Times,
  given: SolveOptions,
  batch: number | undefined,
  lift?: Lift,
): Solution {
  const { direction, sorted } = times;
  const { since, start } = sinceFirst(times);
  const options = adaptiveOptions(given, y0, batch, start);
  const stepper = options.stops ? insideSteps(method, start) : method;
  const count = since.shape[0];
  const problem = { rate: later(rate, start), y0, times: since, direction, options };
  const went = lift ? lifted(problem, stepper, lift) : inBlocks(problem, stepper, (here) => adaptive(stepper, here));
  const own = (x: Tensor) => (batch === undefined ? x : x.flatten());
  const done = went.status.eq(status.done);
  const iterations = went.steps.add(went.rejected).add(went.readings);
  const advice = setting(method, y0.dtype);
  const gaveUp = went.status.eq(status.tooMany).or(went.status.eq(status.stuck));
  const told = advice === 0 ? went.status : where(gaveUp, went.status.add(advice), went.status);
  const ended = sorted ? where(sorted, told, status.unsorted) : told;
  const last = went.t.add(start);
  const reason = reasonFor(went.status, [ended, last, went.steps]);
  const path = explained(reason, () => {
    const rows = [y0.unsqueeze(0)];
    if (went.between) {
      const place = arange(count - 2).reshape([count - 2, ...y0.shape.map(() => 1)]);
      rows.push(where(place.lt(went.passed), went.between, Number.NaN));
    }
    if (count > 1) rows.push(where(done, went.y, Number.NaN).unsqueeze(0));
    return concat(rows);
  });
  return {
    path: sorted ? where(sorted, path, Number.NaN) : path,
    t: own(last),
    y: went.y,
    status: own(ended),
    steps: own(went.steps),
    rejected: own(went.rejected),
    evaluations: own(iterations.mul(stepper.evaluations).add(options.firstStep === undefined ? 2 : 1)),
  };
}

function lifted(problem: Problem, stepper: Stepper, lift: Lift): Journey {
  const whole = lift(stepper, problem.rate);
  return adaptive(whole.stepper, { ...problem, rate: whole.rate, options: { ...problem.options, apart: true } });
}

function inFixedSteps(
  stepper: Stepper,
  rate: Rate,
  y0: Tensor,
  wanted: Times,
  options: SolveOptions,
  batch: number | undefined,
): Solution {
  const { direction } = wanted;
  const { since, start } = sinceFirst(wanted);
  const { substeps = 1 } = options;
  if (!Number.isInteger(substeps) || substeps < 1) {
    throw new PondusError("ode.option", `ode.solve: substeps must be a whole number from 1, but ${substeps} came.`);
  }
  const problem = { rate: later(rate, start), y0, times: since, direction, options: { batch } };
  const { path } = inBlocks(problem, stepper, (given) => ({ path: fixed(stepper, given, substeps) }));
  const count = since.shape[0];
  const steps = (count - 1) * substeps;
  const batchShape = batchShapeOf(y0, batch);
  const whole = (value: number) => full(batch === undefined ? [] : [y0.shape[batch]], value, "int32");
  const others = path.shape.flatMap((_, axis) => (axis === 0 || axis - 1 === batch ? [] : [axis]));
  const reached = path
    .abs()
    .max(others, { keepDims: batch !== undefined })
    .lt(Number.POSITIVE_INFINITY);
  const finite = reached.cast("int32").sum(0);
  const last = finite.sub(1).maximum(0);
  const place = arange(count).reshape([count, ...batchShape.map(() => 1)]);
  const own = (x: Tensor) => (batch === undefined ? x.gather(last) : where(place.eq(last), x, 0).sum(0));
  const absolute = since.add(start);
  const times = since.rank === 1 ? absolute.reshape([count, ...batchShape.map(() => 1)]) : absolute;
  return {
    path,
    t: own(times)
      .flatten()
      .reshape(batch === undefined ? [] : [-1]),
    y: own(path),
    status: where((batch === undefined ? finite : finite.flatten()).eq(count), whole(status.done), status.notFinite),
    steps: whole(steps),
    rejected: whole(0),
    evaluations: whole(steps * stepper.evaluations),
  };
}
