import { PondusError } from "../graph/errors.ts";
import type { Model } from "../nn/model.ts";
import { chooseBackend, inspectBackends } from "../runtime/choose.ts";
import type { OpenedRun } from "./run.ts";
import { dataOfRun } from "./run-data.ts";
import { readWeights } from "./run-files.ts";
import { evaluator } from "./session.ts";
import type { Prediction, System } from "./system.ts";

/** The model of a run with the weights that the run left, and the data that it saw. */
export function restoreModel<M extends Model, D>(system: System<M, D>, run: OpenedRun) {
  const data = dataOfRun(system, run);
  const model = system.model(data, run.description.options.optimizer);
  readWeights(run.folder, model);
  return { model, data };
}

/**
 * What a trained model says of new inputs.
 *
 * @param inputs  lists of numbers; what they mean is the system's own
 * @throws `predict.none` when the system does not say, `predict.unfinished` when the run has not been finished,
 *         `predict.nonfinite` when an answer is no finite number
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
  // A run that was trained elsewhere answers here too, on what this machine has.
  const works = inspectBackends().some(({ name, unavailable }) => name === backend && unavailable === undefined);
  const evaluate = evaluator(works ? backend : chooseBackend().name);
  const answer = await system.predict({ ...restoreModel(system, run), metrics, evaluate }, inputs);
  for (const [name, values] of Object.entries(answer)) {
    const odd = Array.from(values).findIndex((value) => !Number.isFinite(value));
    if (odd < 0) continue;
    const asked = inputs.length === values.length ? ` to ${inputs[odd].join(",")}` : "";
    throw new PondusError(
      "predict.nonfinite",
      `predict: ${name}, answer ${odd + 1}${asked}, is ${values[odd]}; ask nearer to what the model was trained on.`,
      { exitCode: 1 },
    );
  }
  return answer;
}
