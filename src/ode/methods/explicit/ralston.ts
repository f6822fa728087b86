import type { Tableau } from "./tableau.ts";

/**
 * The method of two stages and second order with the least bound of the local error (Ralston, Math. Comp. 16, 431,
 * 1962). Two calls of the rate a step; embedded is Euler's method.
 */
export const ralston: Tableau = {
  name: "ralston",
  order: 2,
  a: [[], [2 / 3]],
  b: [1 / 4, 3 / 4],
  c: [0, 2 / 3],
  error: [-3 / 4, 3 / 4],
  errorOrder: 1,
};
