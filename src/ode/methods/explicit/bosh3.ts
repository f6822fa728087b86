import type { Tableau } from "./tableau.ts";

const b = [2 / 9, 1 / 3, 4 / 9, 0];
const embedded = [7 / 24, 1 / 4, 1 / 3, 1 / 8];

/**
 * Third order with an embedded method of second (Bogacki & Shampine, Appl. Math. Lett. 2, 321, 1989). Three calls of
 * the rate a step: the fourth stage is the first of the next step.
 */
export const bosh3: Tableau = {
  name: "bosh3",
  order: 3,
  a: [[], [1 / 2], [0, 3 / 4], b.slice(0, 3)],
  b,
  c: [0, 1 / 2, 3 / 4, 1],
  error: b.map((weight, i) => weight - embedded[i]),
  errorOrder: 2,
};
