import type { Tensor } from "pondus";

/** An initial value problem that other people's solvers are measured by, written twice. */
export interface Problem {
  readonly name: string;
  /** The state at t = 0, [n]. */
  readonly y0: readonly number[];
  /** Where it ends. */
  readonly end: number;
  /** dy/dt in plain numbers: the same as `law`, written apart. */
  readonly rate: (t: number, y: readonly number[]) => number[];
  /** dy/dt in tensors: y is [n], t a scalar. */
  readonly law: (y: Tensor, t: Tensor) => Tensor;
  /** The solution, where it has a closed form. */
  readonly exact?: (t: number) => number[];
}
