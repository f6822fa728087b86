import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { formatShape } from "../graph/shape.ts";
import { arange, concat, full } from "../tensor/functions.ts";
import { type Tensor, where } from "../tensor/tensor.ts";
import { adaptive } from "./adaptive.ts";
import { type Adjoint, type Backsolve, throughSolver } from "./adjoint.ts";
import { type Leg, withBacksolve } from "./backsolve.ts";
import { type Controller, pid } from "./controller.ts";
import type { Event } from "./event.ts";
import { fixed } from "./fixed.ts";
import { withForward } from "./forward-sensitivity.ts";
import { type Method, type Stepper, stepperOf } from "./method.ts";
import type { Rate } from "./rate.ts";
import { status } from "./status.ts";
import { type Times, timesFor } from "./times.ts";
import { tsit5 } from "./tsit5.ts";
import type { Adaptive } from "./turn.ts";

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
  /** How gradients come back: `throughSolver()` by default, `backsolve()` or `forward()`. */
  readonly adjoint?: Adjoint;
  /** What ends the solution before the last time: a number that goes through 0. */
  readonly event?: Event;
}

const usualSteps = 4096;

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
  const adjoint = options.adjoint ?? throughSolver();
  checkTogether(options, isFixed, batch);
  const solveOn = (start: Tensor, t: Times): Solution =>
    isFixed || t.values.shape[0] === 1
      ? inFixedSteps(stepper, rate, start, t, options)
      : asExactly(stepper, rate, start, t, adaptiveOptions(options, start, batch));
  const found = solveOn(y0, wanted);
  if (adjoint.kind === "through solver") return found;
  const path =
    adjoint.kind === "forward"
      ? withForward((start, values) => solveOn(start, { ...wanted, values }).path, y0, wanted.values)
      : withBacksolve(found.path, rate, y0, wanted.values, legOf(adjoint, options, stepper));
  return { ...found, path, y: path.at(-1) };
}

/** How the adjoint equation is solved from one wanted time to the one before. */
function legOf(adjoint: Backsolve, options: SolveOptions, stepper: Stepper): Leg {
  const { method, ...own } = adjoint;
  const solver = method ? stepperOf(method) : stepper;
  return (rate, y, times, counted) => {
    const { values, direction } = timesFor(times, y, undefined);
    const { substeps = 1 } = options;
    if (solver.errorOrder === undefined) return fixed(solver, rate, y, values, substeps).at(-1);
    const { controller, maxSteps, rtol } = options;
    const atol = typeof options.atol === "number" ? options.atol : undefined;
    const exact = adaptiveOptions({ controller, maxSteps, rtol, atol, ...own }, y, undefined);
    const went = adaptive(solver, rate, y, values, direction, { ...exact, counted });
    return where(went.status.eq(status.done), went.y, Number.NaN);
  };
}

/** Options that do not go with one another are refused rather than ignored. */
function checkTogether({ adjoint, event, maxSteps }: SolveOptions, isFixed: boolean, batch: number | undefined): void {
  const refuse = (what: string, mend: string) => {
    throw new PondusError("ode.option", `ode.solve: ${what}; ${mend}.`);
  };
  const checkpoints = adjoint?.kind === "through solver" ? adjoint.checkpoints : undefined;
  if (
    checkpoints !== undefined &&
    !(Number.isInteger(checkpoints) && checkpoints > 0 && checkpoints <= (maxSteps ?? usualSteps))
  ) {
    refuse(
      `checkpoints must be a whole number from 1 to maxSteps, but ${checkpoints} came`,
      "about its square root is best",
    );
  }
  if (isFixed && checkpoints !== undefined) {
    refuse("checkpoints are for steps that the error chooses", "give rtol in place of substeps, or leave them out");
  }
  if (isFixed && event) refuse("an event needs steps that the error chooses", "give rtol in place of substeps");
  if (batch === undefined) return;
  if (event) refuse("an event ends one solution, and batch has many", "solve them one by one with scan");
  if (adjoint?.kind === "backsolve") refuse("backsolve takes one trajectory", "use throughSolver, which takes a batch");
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
  const { rtol = y0.dtype === "float64" ? 1e-6 : 1e-4, maxSteps = usualSteps } = options;
  const { firstStep, controller = pid(), event, adjoint } = options;
  const checkpoints = adjoint?.kind === "through solver" ? adjoint.checkpoints : undefined;
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
  return { rtol, atol, maxSteps, firstStep, controller, batch, event, checkpoints };
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
