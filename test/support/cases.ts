import type { Case } from "./cases/case.ts";
import { contractCases } from "./cases/contract.ts";
import { controlCases } from "./cases/control.ts";
import { elementwiseCases } from "./cases/elementwise.ts";
import { gatherCases } from "./cases/gather.ts";
import { loopCases } from "./cases/loops.ts";
import { movementCases } from "./cases/movement.ts";
import { programCases } from "./cases/program.ts";
import { emptyCases, reduceCases } from "./cases/reduce.ts";

/** One suite for every backend: what each must compute as the reference does. */
export const cases: readonly Case[] = [
  ...elementwiseCases,
  ...reduceCases,
  ...movementCases,
  ...contractCases,
  ...gatherCases,
  ...controlCases,
  ...loopCases,
  ...programCases,
  ...emptyCases,
];
