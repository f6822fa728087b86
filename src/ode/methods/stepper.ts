import type { Tensor } from "../../tensor/tensor.ts";
import type { Rate } from "../rate.ts";

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
