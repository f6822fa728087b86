import { PondusError } from "../../graph/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Rate } from "../rate.ts";
import { explicit } from "./explicit/explicit.ts";
import type { Tableau } from "./explicit/tableau.ts";
import { rosenbrock } from "./implicit/rosenbrock.ts";
import type { RosenbrockTableau } from "./implicit/rosenbrock-tableau.ts";

/** What one step found. What is not asked for is not computed. */
export interface Step {
  /** The state at its end. */
  readonly y: Tensor;
  /** Its local error, as far as the method can tell, of the state's shape. */
  error?(): Tensor;
  /** The rate at its end, where the next step needs it. */
  last?(): Tensor;
  /** The state at t + theta h, 0 <= theta <= 1: `theta` has an axis in front of the state's, or 1 in their place. */
  at(theta: Tensor): Tensor;
}

/** A method as what it does. */
export interface Stepper {
  readonly name: string;
  /** The error at a fixed time falls as the step to this power. */
  readonly order: number;
  /** The order of the less exact of the two results whose difference is the error; without it steps must be fixed. */
  readonly errorOrder?: number;
  /** Calls of the rate in a step, but for one that the step before has made. */
  readonly evaluations: number;
  /** Whether the rate at a step's end is handed to the next one. */
  readonly chains: boolean;
  /** Whether it solves linear systems in the whole state, and so takes one trajectory at a time. */
  readonly implicit: boolean;
  /**
   * @param y  state; @param t  time, a scalar or 1 along the state's axes; @param h  step, like `t`
   * @param first  the rate at the start, when the method chains
   */
  step(rate: Rate, y: Tensor, t: Tensor, h: Tensor, first?: Tensor): Step;
}

/** A method: a table of numbers for the kinds that are known, or what it does. */
export type Method = Tableau | RosenbrockTableau | Stepper;

/** What SciPy and MATLAB call methods that are here, or the nearest to them. */
const elsewhere: Readonly<Record<string, string>> = {
  rk45: "dopri5",
  ode45: "dopri5",
  rk23: "bosh3",
  ode23: "bosh3",
  dop853: "dopri8",
  radau: "rodas5p",
  bdf: "rodas5p",
  lsoda: "rodas5p",
  ode15s: "rodas5p",
  ode23s: "rodas4",
};

/** @throws `ode.option` when it is none */
export function stepperOf(method: Method): Stepper {
  if (typeof method !== "object" || method === null || !("step" in method || "a" in method)) {
    const name = typeof method === "string" ? (elsewhere[(method as string).toLowerCase()] ?? method) : "tsit5";
    throw new PondusError(
      "ode.option",
      `ode.solve: method takes a method itself, such as ode.tsit5, but ${JSON.stringify(method) ?? typeof method} came; write ` +
        `method: ode.${name}.`,
    );
  }
  if ("step" in method) return method;
  return "gamma" in method ? rosenbrock(method) : explicit(method);
}
