import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { formatShape } from "../graph/shape.ts";
import { arange, concat, full } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";
import { type Adaptive, adaptive } from "./adaptive.ts";
import { type Controller, pid } from "./controller.ts";
import { fixed } from "./fixed.ts";
import { type Method, type Stepper, stepperOf } from "./method.ts";
import type { Rate } from "./rate.ts";
import { status } from "./status.ts";
import { type Times, timesFor } from "./times.ts";
import { tsit5 } from "./tsit5.ts";

export interface SolveOptions {
  /** `tsit5` by default. */
  readonly method?: Method;
  /** So many equal steps from each time to the next, in place of steps as long as the error allows. */
  readonly substeps?: number;
  /** The error that a step may make, in units of the state: atol + rtol |y|. By default 1e-6, in float32 1e-4. */
  readonly rtol?: number;
  /** By default a thousandth of `rtol`; a tensor gives each state its own. */
  readonly atol?: number | Tensor;
  /** The most steps that are taken, refused ones too (default 4096). */
  readonly maxSteps?: number;
  /** The first step, in place of a guess. */
  readonly firstStep?: number;
  readonly controller?: Controller;
  /** The axis of the state along which trajectories lie that have nothing to do with one another: each has its own steps. */
  readonly batch?: number;
}

/** A solution, and what became of it. With `batch`, all but `path` and `y` have an entry for each trajectory. */
export interface Solution {
  /** [times, ...state]: the state at each time, NaN where the solution did not get to. */
  readonly path: Tensor;
  /** Where it ended: the last time, unless something stopped it. */
  readonly t: Tensor;
  readonly y: Tensor;
  /** How it ended (int32); `ode.outcome` puts it in words. */
  readonly status: Tensor;
  readonly steps: Tensor;
  readonly rejected: Tensor;
  /** Calls of the rate. */
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
 * @throws `ode.state`, `ode.times`, `ode.substeps`, `ode.rate`, `ode.method`, `ode.option` when an argument does not fit
 */
export function integrate(
  rate: Rate,
  y0: Tensor,
  times: Tensor | readonly number[],
  options: SolveOptions = {},
): Solution {
  if (!isFloat(y0.dtype)) {
    throw new PondusError(
      "ode.state",
      `ode.solve: the state must be a float, but it is ${y0.dtype}; cast it, e.g. y0.cast("float32").`,
    );
  }
  const stepper = stepperOf(options.method ?? tsit5);
  const batch = batchAxis(options.batch, y0, stepper);
  const wanted = timesFor(times, y0, batch);
  const { substeps, rtol, atol } = options;
  const isFixed = substeps !== undefined || stepper.errorOrder === undefined;
  if (isFixed && (rtol !== undefined || atol !== undefined)) {
    const why = substeps === undefined ? `${stepper.name} does not know its error` : "substeps fixes the steps";
    throw new PondusError(
      "ode.option",
      `ode.solve: rtol and atol choose the steps, but ${why}; give one or the other.`,
    );
  }
  if (isFixed || wanted.values.shape[0] === 1) return inFixedSteps(stepper, rate, y0, wanted, options);
  return asExactly(stepper, rate, y0, wanted, adaptiveOptions(options, y0, batch));
}

function asExactly(stepper: Stepper, rate: Rate, y0: Tensor, times: Times, options: Adaptive): Solution {
  const { values, direction, sorted } = times;
  const count = values.shape[0];
  const went = adaptive(stepper, rate, y0, values, direction, options);
  const { batch } = options;
  const own = (x: Tensor) => (batch === undefined ? x : x.reshape([y0.shape[batch]]));
  const done = went.status.eq(status.done);
  const rows = [y0.unsqueeze(0)];
  if (went.between) {
    const place = arange(count - 2).reshape([count - 2, ...y0.shape.map(() => 1)]);
    rows.push(where(place.lt(went.passed), went.between, Number.NaN));
  }
  if (count > 1) rows.push(where(done, went.y, Number.NaN).unsqueeze(0));
  const path = concat(rows);
  const turns = went.steps.add(went.rejected);
  const ended = sorted ? where(sorted, went.status, status.unsorted) : went.status;
  return {
    path: sorted ? where(sorted, path, Number.NaN) : path,
    t: own(went.t),
    y: went.y,
    status: own(ended),
    steps: own(went.steps),
    rejected: own(went.rejected),
    evaluations: own(turns.mul(stepper.evaluations).add(options.firstStep === undefined ? 2 : 1)),
  };
}

function inFixedSteps(stepper: Stepper, rate: Rate, y0: Tensor, { values }: Times, options: SolveOptions): Solution {
  const { substeps = 1 } = options;
  if (!Number.isInteger(substeps) || substeps < 1) {
    throw new PondusError("ode.substeps", `ode.solve: substeps must be a whole number from 1, but ${substeps} came.`);
  }
  const path = fixed(stepper, rate, y0, values, substeps);
  const y = path.at(-1);
  const turns = (values.shape[0] - 1) * substeps;
  const whole = (value: number) => full([], value, "int32");
  const finite = y.abs().max().lt(Number.POSITIVE_INFINITY);
  return {
    path,
    t: values.at(-1),
    y,
    status: where(finite, whole(status.done), status.notFinite),
    steps: whole(turns),
    rejected: whole(0),
    evaluations: whole(turns * stepper.evaluations),
  };
}

function adaptiveOptions(options: SolveOptions, y0: Tensor, batch: number | undefined): Adaptive {
  const { rtol = y0.dtype === "float64" ? 1e-6 : 1e-4, maxSteps = 4096, firstStep, controller = pid() } = options;
  const { atol = rtol * 1e-3 } = options;
  const positive = (x: number) => Number.isFinite(x) && x > 0;
  const check = (name: string, value: number, fits: boolean, wanted: string) => {
    if (fits) return;
    throw new PondusError("ode.option", `ode.solve: ${name} must be ${wanted}, but ${value} came.`);
  };
  check("rtol", rtol, Number.isFinite(rtol) && rtol >= 0, "a number from 0");
  if (typeof atol === "number")
    check("atol", atol, Number.isFinite(atol) && (atol > 0 || (atol === 0 && rtol > 0)), "a number above 0");
  check("maxSteps", maxSteps, Number.isInteger(maxSteps) && maxSteps > 0, "a whole number from 1");
  if (firstStep !== undefined) check("firstStep", firstStep, positive(firstStep), "a number above 0");
  return { rtol, atol, maxSteps, firstStep, controller, batch };
}

function batchAxis(axis: number | undefined, y0: Tensor, { name, implicit }: Stepper): number | undefined {
  if (axis === undefined) return undefined;
  const a = axis < 0 ? axis + y0.rank : axis;
  if (!Number.isInteger(a) || a < 0 || a >= y0.rank) {
    throw new PondusError(
      "ode.option",
      `ode.solve: batch: ${axis} is no axis of the state, which is ${formatShape(y0.shape)}.`,
    );
  }
  if (implicit) {
    throw new PondusError(
      "ode.option",
      `ode.solve: ${name} solves for one trajectory at a time; take them in turn with scan, or choose an explicit method.`,
    );
  }
  return a;
}
