import { join } from "node:path";
import { PondusError } from "../graph/errors.ts";
import { parseCsv } from "../io/csv.ts";
import { readText } from "../io/read.ts";
import { runFiles } from "../io/run-folder.ts";
import type { Model } from "../nn/model.ts";
import { chooseBackend } from "../runtime/choose.ts";
import type { OpenedRun } from "./run.ts";
import { readWeights } from "./run-files.ts";
import { evaluator } from "./session.ts";
import type { Prediction, System } from "./system.ts";

/** The model of a run with the weights that the run left, and the data that it saw. */
export function restoreModel<M extends Model, D>(system: System<M, D>, { folder, description }: OpenedRun) {
  const file = description.options.data;
  const data =
    file && system.read
      ? system.read(parseCsv(readText(join(folder, runFiles.data)), file.file), file)
      : (system.data as D);
  const model = system.model(data);
  readWeights(folder, model);
  return { model, data };
}

/**
 * What a trained model says of new inputs.
 *
 * @param inputs  lists of numbers; what they mean is the system's own
 * @throws `predict.none` when the system does not say, `predict.unfinished` when the run has not been finished
 */
export async function predict<M extends Model, D>(
  system: System<M, D>,
  run: OpenedRun,
  inputs: readonly (readonly number[])[],
): Promise<Prediction> {
  const { status, metrics, backend } = run.description;
  if (!system.predict) {
    throw new PondusError("predict.none", `${system.name} says nothing of new inputs: its page has no \`predict\`.`);
  }
  if (status !== "finished" || !metrics) {
    throw new PondusError(
      "predict.unfinished",
      `${run.folder} is ${status}; finish it first: pondus train --resume ${run.folder}`,
    );
  }
  const evaluate = evaluator(chooseBackend(backend).name);
  return system.predict({ ...restoreModel(system, run), metrics, evaluate }, inputs);
}
