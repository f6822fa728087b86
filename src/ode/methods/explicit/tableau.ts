/**
 * An explicit Runge-Kutta method as its Butcher tableau: stage i is the rate at y + h sum_j a[i][j] k_j and time
 * t + c[i] h; the step is y + h sum_i b[i] k_i. Stages that only the estimate or the dense output read stand last and
 * weigh nothing in `b`; where the last row of `a` is `b`, that stage is the first of the next step.
 */
export interface Tableau {
  readonly name: string;
  /** The error at a fixed time falls as h to this power. */
  readonly order: number;
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly c: readonly number[];
  /** Weights e: h sum_i e[i] k_i is the step's result less that of the embedded method. */
  readonly error?: readonly number[];
  /** The order of the embedded method. */
  readonly errorOrder?: number;
  /** Dense output, 0 <= theta <= 1: y(t + theta h) = y + h sum_i k_i sum_j dense[i][j] theta^(j + 1). */
  readonly dense?: readonly (readonly number[])[];
}
