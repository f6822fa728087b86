import { closest } from "fastest-levenshtein";
import { PondusError } from "../graph/errors.ts";
import { broadcast, formatShape, sameShape } from "../graph/shape.ts";
import { tensor } from "../tensor/functions.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Adjoint } from "./adjoints/adjoint.ts";
import type { Method } from "./methods/method.ts";
import type { Stepper } from "./methods/stepper.ts";
import { type Controller, pid } from "./stepping/controller.ts";
import type { Event } from "./stepping/event.ts";
import type { Adaptive } from "./stepping/iteration.ts";

export interface SolveOptions {
  /** `tsit5` by default. */
  readonly method?: Method;
  /** The number of equal steps from each time to the next, in place of steps as long as the error allows. */
  readonly substeps?: number;
  /** The error that a step may make, in units of the state: atol + rtol |y|. By default 1e-6, in float32 1e-4. */
  readonly rtol?: number;
  /** Above 0; by default a thousandth of `rtol`. A tensor that broadcasts to the state gives each entry its own. */
  readonly atol?: number | Tensor;
  /** The most steps that are taken, refused ones too (default 4096). How many times are wanted does not matter. */
  readonly maxSteps?: number;
  /** The first step, in place of a guess. */
  readonly firstStep?: number;
  /** The longest step: so that none passes over what is short, such as a pulse, where the solution was at rest. */
  readonly maxStep?: number;
  /**
   * Times at which steps end and begin exactly, in any order: where the rate jumps, as at the edges of a pulse. On either side the
   * rate is asked for inside the step alone, so that it does not matter to which side the jump itself belongs. A tensor's
   * have gradients: an edge that moves moves the solution (edges at the same time share it).
   */
  readonly stops?: Tensor | readonly number[];
  readonly controller?: Controller;
  /** The axis of the state along which trajectories lie that have nothing to do with one another: each has its own steps. */
  readonly batch?: number;
  /** How gradients come back: `direct()` by default, `backsolve()` or `forward()`. */
  readonly adjoint?: Adjoint;
  /** What ends the solution before the last time: a number that goes through 0, or a bool that becomes true. */
  readonly event?: Event;
}

const usualSteps = 4096;

const checkpointsOf = (adjoint: Adjoint | undefined) => (adjoint?.kind === "direct" ? adjoint.checkpoints : undefined);

const names: { readonly [name in keyof Required<SolveOptions>]: true } = {
  method: true,
  substeps: true,
  rtol: true,
  atol: true,
  maxSteps: true,
  firstStep: true,
  maxStep: true,
  stops: true,
  controller: true,
  batch: true,
  adjoint: true,
  event: true,
};

/** @throws `ode.option` when there is one that does not exist, which would do nothing */
export function checkNames(options: SolveOptions): void {
  const odd = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (odd === undefined) return;
  const all = Object.keys(names);
  throw new PondusError(
    "ode.option",
    `ode.solve: there is no option ${odd}; did you mean ${closest(odd, all)}? There are ${all.join(", ")}.`,
  );
}

/** What the options say of steps that the error chooses, with the usual where they say nothing. */
export function adaptiveOptions(
  options: SolveOptions,
  y0: Tensor,
  batch: number | undefined,
  start: Tensor | number,
): Adaptive {
  const { rtol = y0.dtype === "float64" ? 1e-6 : 1e-4, maxSteps = usualSteps } = options;
  const { firstStep, maxStep, controller = pid(), adjoint } = options;
  const event = options.event && laterEvent(options.event, start);
  const checkpoints = checkpointsOf(adjoint);
  const { atol = rtol * 1e-3 } = options;
  const positive = (x: number) => Number.isFinite(x) && x > 0;
  const check = (name: string, value: number, fits: boolean, wanted: string) => {
    if (fits) return;
    throw new PondusError("ode.option", `ode.solve: ${name} must be ${wanted}, but ${value} came.`);
  };
  check("rtol", rtol, Number.isFinite(rtol) && rtol >= 0, "a number from 0");
  if (typeof atol === "number") {
    check("atol", atol, Number.isFinite(atol) && (atol > 0 || (atol === 0 && rtol > 0)), "a number above 0");
  } else checkScale(atol, y0);
  check("maxSteps", maxSteps, Number.isInteger(maxSteps) && maxSteps > 0, "a whole number from 1");
  if (firstStep !== undefined) check("firstStep", firstStep, positive(firstStep), "a number above 0");
  if (maxStep !== undefined) check("maxStep", maxStep, positive(maxStep), "a number above 0");
  const stops = options.stops && stopsSince(options.stops, start, y0);
  return { rtol, atol, maxSteps, firstStep, maxStep, stops, controller, batch, event, checkpoints };
}

/** An event in the time since `start`. */
function laterEvent({ when, ...rest }: Event, start: Tensor | number): Event {
  return { ...rest, when: (y, t) => when(y, t.add(start)) };
}

/** Stops in the time since `start`. */
function stopsSince(given: Tensor | readonly number[], start: Tensor | number, y0: Tensor): Tensor | undefined {
  const { dtype } = y0;
  if (!(given instanceof Tensor)) {
    if (!Array.isArray(given) || !given.every((t) => Number.isFinite(t))) {
      throw new PondusError("ode.option", `ode.solve: stops are finite times, but ${JSON.stringify(given)} came.`);
    }
    if (given.length === 0) return undefined;
    const near = typeof start === "number" ? start : 0;
    const list = tensor(
      given.map((t) => t - near),
      { dtype },
    );
    return typeof start === "number" ? list : stopsSince(list, start, y0);
  }
  if (given.rank !== 1 || given.size === 0 || given.dtype !== dtype) {
    throw new PondusError(
      "ode.option",
      `ode.solve: stops are a list of ${dtype} (the state's type), but they are ${given.dtype} ${formatShape(given.shape)}.`,
    );
  }
  if (typeof start === "number" || start.rank === 0) return given.sub(start);
  return given.reshape([given.size, ...start.shape.map(() => 1)]).sub(start);
}

function checkScale(atol: Tensor, y0: Tensor): void {
  const common = broadcast(atol.shape, y0.shape);
  if (atol.dtype === y0.dtype && common && sameShape(common, y0.shape)) return;
  const type = (x: Tensor) => `${x.dtype} ${formatShape(x.shape)}`;
  throw new PondusError(
    "ode.option",
    `ode.solve: atol is a number, or one for each entry of the state, which is ${type(y0)}; but it is ${type(atol)}.`,
  );
}

/** The axis of trajectories, counted from the front. */
export function batchAxis(axis: number | undefined, y0: Tensor, { name, implicit }: Stepper): number | undefined {
  if (axis === undefined) return undefined;
  const a = axis < 0 ? axis + y0.rank : axis;
  if (!Number.isInteger(a) || a < 0 || a >= y0.rank) {
    throw new PondusError(
      "ode.option",
      `ode.solve: batch: ${axis} is no axis of the state, which is ${formatShape(y0.shape)}; give the axis along which trajectories lie.`,
    );
  }
  if (implicit) {
    throw new PondusError(
      "ode.option",
      `ode.solve: ${name} solves for one trajectory at a time; take them in turn with scan, or together with ${mapped}; or choose an explicit method.`,
    );
  }
  return a;
}

const mapped = "vmap((y0) => ode.solve(rate, y0, ...))";

/** Options that do not go with one another are refused rather than ignored. */
export function checkTogether(
  { adjoint, event, maxSteps, maxStep, stops }: SolveOptions,
  isFixed: boolean,
  batch: number | undefined,
): void {
  const refuse = (what: string, mend: string) => {
    throw new PondusError("ode.option", `ode.solve: ${what}; ${mend}.`);
  };
  const checkpoints = checkpointsOf(adjoint);
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
  if (isFixed && maxStep !== undefined)
    refuse("maxStep bounds steps that the error chooses", "give more substeps instead");
  if (isFixed && stops) {
    refuse("stops are for steps that the error chooses", "give rtol in place of substeps, or make them wanted times");
  }
  if (isFixed && event) refuse("an event needs steps that the error chooses", "give rtol in place of substeps");
  if (stops instanceof Tensor && adjoint && adjoint.kind !== "direct") {
    refuse(
      `a tensor's gradient goes through the solver, and the adjoint is ${adjoint.kind}`,
      "give stops as a list of numbers",
    );
  }
  if (event && adjoint && adjoint.kind !== "direct") {
    refuse(`an event's gradient goes through the solver, and the adjoint is ${adjoint.kind}`, "leave adjoint out");
  }
  if (batch === undefined) return;
  if (event)
    refuse("an event ends one solution, and batch has many", `take them in turn with scan, or together with ${mapped}`);
  if (adjoint?.kind === "backsolve")
    refuse("backsolve takes one trajectory", `take them together with ${mapped}, or use direct, which takes a batch`);
}
