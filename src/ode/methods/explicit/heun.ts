import type { Tableau } from "./tableau.ts";

/**
 * Heun's method, the explicit trapezoidal rule, second order (Heun, Z. Math. Phys. 45, 23, 1900). Two calls of the
 * rate a step; embedded is Euler's method.
 */
export const heun: Tableau = {
  name: "heun",
  order: 2,
  a: [[], [1]],
  b: [1 / 2, 1 / 2],
  c: [0, 1],
  error: [-1 / 2, 1 / 2],
  errorOrder: 1,
};
