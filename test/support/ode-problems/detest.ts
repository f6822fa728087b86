import { higherOrder } from "./higher-order.ts";
import { moderateSystems } from "./moderate-systems.ts";
import { orbits } from "./orbits.ts";
import type { Problem } from "./problem.ts";
import { singleEquations } from "./single-equations.ts";
import { smallSystems } from "./small-systems.ts";

/** The 25 problems of DETEST, each from t = 0 to 20. */
export const detest: readonly Problem[] = [
  ...singleEquations,
  ...smallSystems,
  ...moderateSystems,
  ...orbits,
  ...higherOrder,
];
