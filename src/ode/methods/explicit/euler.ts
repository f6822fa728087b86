import type { Tableau } from "./tableau.ts";

/** Euler's method, first order (Institutionum calculi integralis, 1768). One call of the rate a step. */
export const euler: Tableau = { name: "euler", order: 1, a: [[]], b: [1], c: [0] };
