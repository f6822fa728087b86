export { euler } from "./euler.ts";
export { logistic } from "./logistic.ts";
export { midpoint } from "./midpoint.ts";
export { rk4 } from "./rk4.ts";
export { type Rate, rungeKuttaStep } from "./runge-kutta.ts";
export { solve } from "./solve.ts";
export type { Tableau } from "./tableau.ts";
export { tsit5 } from "./tsit5.ts";
