import { PondusError } from "../../graph/errors.ts";
import { explicit } from "./explicit/explicit.ts";
import type { Tableau } from "./explicit/tableau.ts";
import { rosenbrock } from "./implicit/rosenbrock.ts";
import type { RosenbrockTableau } from "./implicit/rosenbrock-tableau.ts";
import type { Stepper } from "./stepper.ts";

/** A method: a table of numbers for the kinds that are known, or what it does. */
export type Method = Tableau | RosenbrockTableau | Stepper;

/** What SciPy and MATLAB call methods that are here, or the nearest to them. */
const elsewhere: Readonly<Record<string, string>> = {
  rk45: "dopri5",
  ode45: "dopri5",
  rk23: "bosh3",
  ode23: "bosh3",
  dop853: "dopri8",
  radau: "rodas5p",
  bdf: "rodas5p",
  lsoda: "rodas5p",
  ode15s: "rodas5p",
  ode23s: "rodas4",
};

/** @throws `ode.option` when it is none */
export function stepperOf(method: Method): Stepper {
  if (typeof method !== "object" || method === null || !("step" in method || "a" in method)) {
    const name = typeof method === "string" ? (elsewhere[(method as string).toLowerCase()] ?? method) : "tsit5";
    throw new PondusError(
      "ode.option",
      `ode.solve: method takes a method itself, such as ode.tsit5, but ${JSON.stringify(method) ?? typeof method} came; write ` +
        `method: ode.${name}.`,
    );
  }
  if ("step" in method) return method;
  return "gamma" in method ? rosenbrock(method) : explicit(method);
}
