import { PondusError } from "../../graph/errors.ts";
import type { Model } from "../../nn/model.ts";
import { Program } from "../../runtime/program.ts";
import { programsOf } from "../programs.ts";
import type { WeighOptions } from "../weigh.ts";
import { type Measured, type MeasureOptions, measureProgram } from "./measure.ts";

/** What is weighed of a model. */
export const measurable = ["inference", "training"] as const;
export type Measurable = (typeof measurable)[number];

/**
 * Runs one of the programs that `weigh` prices, in this process, which should be a fresh one.
 *
 * @throws `measure.none` for a model that does not say how it is run, or has nothing to train
 */
export async function measureModel(
  model: Model,
  which: Measurable,
  options: WeighOptions & MeasureOptions = {},
): Promise<Measured> {
  const programs = programsOf(model, options);
  const graph = which === "training" ? programs?.training?.graph : programs?.inference;
  if (!graph) {
    throw new PondusError(
      "measure.none",
      `measure: the model has no ${which} program: it is no layer that says what it takes, or nothing in it is trained; ` +
        "give `input` and `apply`.",
    );
  }
  return measureProgram(new Program(graph, options.backend ?? "auto"), options);
}
