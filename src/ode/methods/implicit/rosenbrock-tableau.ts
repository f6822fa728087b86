/**
 * A Rosenbrock method: implicit, but each stage solves one linear system, all with the same matrix
 * W = I / (h gamma) - J, where J = df/dy at the start of the step. In the form without products with J (Hairer & Wanner,
 * Solving Ordinary Differential Equations II, 2nd edition 1996, IV.7):
 *
 *     W u_i = f(t + c[i] h, y + sum_j a[i][j] u_j) + sum_j C[i][j] u_j / h + d[i] h df/dt,   j < i
 *
 * and the step is y + sum_i b[i] u_i.
 */
export interface RosenbrockTableau {
  readonly name: string;
  /** The error at a fixed time falls as h to this power. */
  readonly order: number;
  /** The order of the embedded method. */
  readonly errorOrder: number;
  readonly gamma: number;
  readonly a: readonly (readonly number[])[];
  readonly C: readonly (readonly number[])[];
  readonly c: readonly number[];
  readonly d: readonly number[];
  readonly b: readonly number[];
  /** Weights e: sum_i e[i] u_i is the step's result less that of the embedded method. */
  readonly error: readonly number[];
  /**
   * Dense output, 0 <= theta <= 1:
   * y(t + theta h) = (1 - theta) y0 + theta (y1 + (1 - theta) (s_0 + theta (s_1 + theta s_2 ...))),
   * s_r = sum_i dense[r][i] u_i.
   */
  readonly dense: readonly (readonly number[])[];
}
