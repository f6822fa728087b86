import type { Tableau } from "./tableau.ts";

/**
 * The explicit midpoint rule, second order (Runge, Math. Ann. 46, 167, 1895). Two calls of the rate a step; embedded
 * is Euler's method.
 */
export const midpoint: Tableau = {
  name: "midpoint",
  order: 2,
  a: [[], [1 / 2]],
  b: [0, 1],
  c: [0, 1 / 2],
  error: [-1, 1],
  errorOrder: 1,
};
