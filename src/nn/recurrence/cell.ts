import type { Tensors } from "../../tensor/control.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What flows into a gate, [batch, hidden] each: from the step's input and from the last step's h, with their biases. */
export interface Inflow {
  readonly x: Tensor;
  readonly h: Tensor;
}

/** How a kind of recurrent layer goes from one step to the next. */
export interface Cell {
  readonly kind: string;
  /** In the order of their blocks in the weights. */
  readonly gates: readonly string[];
  /** Gates that do more with `x` and `h` than add them, so that each needs its own bias. */
  readonly apart: readonly string[];
  /** What is carried from step to step, by name; `h` is what goes out. */
  readonly states: readonly string[];
  /**
   * The next state, [batch, hidden] each.
   *
   * @param inflow  of a gate, from the last step's h or from another in its place
   */
  step(inflow: (gate: string, h?: Tensor) => Inflow, state: Tensors): Tensors;
}
