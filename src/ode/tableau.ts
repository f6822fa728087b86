/**
 * An explicit Runge-Kutta method as its Butcher tableau: stage i is the rate at y + h sum_j a[i][j] k_j and time
 * t + c[i] h; the step is y + h sum_i b[i] k_i.
 */
export interface Tableau {
  readonly name: string;
  /** The error at a fixed time falls as h to this power. */
  readonly order: number;
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly c: readonly number[];
}
