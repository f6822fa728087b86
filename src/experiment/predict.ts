import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import type { Model } from "../nn/model.ts";
import { chooseBackend, inspectBackends } from "../runtime/choose.ts";
import { chooseSettings } from "./choose-settings.ts";
import { typedNumbers } from "./data/typed-numbers.ts";
import type { OpenedRun } from "./run/run.ts";
import { dataOfRun } from "./run/run-data.ts";
import { readWeights } from "./run/run-files.ts";
import { evaluator } from "./session.ts";
import type { Answer, Prediction, System, Trained } from "./system.ts";

/** The model of a run with the weights that the run left, and the data that it saw. */
export function restoreModel<M extends Model, D>(system: System<M, D>, run: OpenedRun) {
  const data = dataOfRun(system, run);
  const { optimizer, law, ensemble } = chooseSettings(system, {}, run.description.options);
  const model = system.model(data, optimizer, { law, ensemble });
  readWeights(run.folder, model);
  return { model, data, law, ensemble };
}

/**
 * What a trained model says of new inputs.
 *
 * @param inputs  lists of numbers; what they mean is the system's own
 * @throws `predict.none` when the system does not say, `run.unfinished` when the run has not been finished,
 *         `predict.nonfinite` when an answer is no finite number
 */
export async function predict<M extends Model, D>(
  system: System<M, D>,
  run: OpenedRun,
  inputs: readonly (readonly number[])[],
): Promise<Prediction> {
  const answer = await system.predict?.(trainedModel(system, run, "predict"), inputs);
  return checked(
    answer as Prediction,
    inputs.map((input) => input.join(",")),
  );
}

/**
 * The same of inputs as they were typed: words where the system's page takes them (`answer`), numbers with commas else.
 *
 * @throws `predict.input` for words where numbers are wanted, and what `predict` throws
 */
export async function ask<M extends Model, D>(
  system: System<M, D>,
  run: OpenedRun,
  inputs: readonly string[],
): Promise<Answer> {
  if (!system.answer) return predict(system, run, inputs.map(typedNumbers));
  return checked(await system.answer(trainedModel(system, run, "answer"), inputs), inputs);
}

function trainedModel<M extends Model, D>(
  system: System<M, D>,
  run: OpenedRun,
  how: "predict" | "answer",
): Trained<M, D> {
  if (!system[how]) {
    throw new PondusError("predict.none", `${system.name} says nothing of new inputs: its page has no \`${how}\`.`);
  }
  return finishedModel(system, run);
}

/**
 * The trained model of a run, and what evaluates it here.
 *
 * @throws `run.unfinished` when the run has not been finished
 */
export function finishedModel<M extends Model, D>(
  system: System<M, D>,
  run: OpenedRun,
): Trained<M, D> & { readonly backend: BackendName } {
  const { status, metrics } = run.description;
  if (status !== "finished" || !metrics) {
    throw new PondusError(
      "run.unfinished",
      `${run.folder.name} is ${status}; finish it first: pondus train --resume ${run.folder.name}`,
    );
  }
  // A run that was trained elsewhere answers here too, on what this machine has.
  const asked = run.description.backend;
  const works = inspectBackends().some(({ name, unavailable }) => name === asked && unavailable === undefined);
  const backend = works ? asked : chooseBackend().name;
  return { ...restoreModel(system, run), metrics, backend, evaluate: evaluator(backend) };
}

function checked<A extends Answer>(answer: A, inputs: readonly string[]): A {
  for (const [name, values] of Object.entries(answer)) {
    const odd = Array.from<number | string>(values).findIndex((v) => typeof v === "number" && !Number.isFinite(v));
    if (odd < 0) continue;
    const asked = inputs.length === values.length ? ` to ${inputs[odd]}` : "";
    throw new PondusError(
      "predict.nonfinite",
      `predict: ${name}, answer ${odd + 1}${asked}, is ${values[odd]}; ask nearer to what the model was trained on.`,
      { exitCode: 1 },
    );
  }
  return answer;
}
