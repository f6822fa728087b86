import { type ExplainOptions, explain as explainNetwork } from "../explain/explain.ts";
import type { Explainable } from "../explain/explainable.ts";
import { PondusError } from "../graph/errors.ts";
import { parametersUnder } from "../graph/program.ts";
import { Stream } from "../graph/random/stream.ts";
import { count } from "../ledger/counts.ts";
import { networkOf } from "../ledger/network.ts";
import { knobsOf } from "../nn/knobs.ts";
import { isLayer, type Layer, layer } from "../nn/layer.ts";
import { type Model, nameParameters, parametersOf } from "../nn/model.ts";
import { tensor } from "../tensor/functions.ts";
import { Tensor } from "../tensor/tensor.ts";
import { finishedModel } from "./predict.ts";
import { explainFile, type RunExplanation, writeExplainPage } from "./report/explain-page.ts";
import { plotExplanation } from "./report/explain-plots.ts";
import type { Plot } from "./report/plot.ts";
import type { OpenedRun } from "./run/run.ts";
import type { System, Trained } from "./system.ts";

/** The same with its pictures. */
export interface DrawnExplanation extends RunExplanation {
  readonly plots: readonly Plot[];
}

/** So many inputs are drawn for a page that names none. */
const drawn = 200;

/**
 * Explains what a run learned (see `explain` of the package itself), and writes `explain.html` into its folder.
 *
 * @throws `explain.none` when the page says neither what there is to explain nor how its model is applied,
 *         `run.unfinished` when the run has not been finished
 */
export async function explain<M extends Model, D>(
  system: System<M, D>,
  run: OpenedRun,
  options: ExplainOptions = {},
): Promise<DrawnExplanation> {
  const { backend, ...trained } = finishedModel(system, run);
  run.folder.checkWritable();
  const own = await system.explain?.(trained);
  const what = own ?? onNormalInputs(system, trained);
  // The page may have put parts of the model together anew, which names their parameters by place.
  nameParameters(trained.model);
  const found = await explainNetwork(what, { backend, ...options });
  const { about, inputNames, outputNames } = what;
  const from = { system: system.name, run: run.folder.name, inputs: own ? "its own" : "standard normal" } as const;
  const names = { ...(about && { about }), inputNames, outputNames };
  const explanation = { ...from, ...names, ...found, page: run.folder.path(explainFile) };
  const plots = plotExplanation(found, what);
  await writeExplainPage(run, explanation, plots);
  return { ...explanation, plots };
}

function onNormalInputs<M extends Model, D>(system: System<M, D>, { model }: Trained<M, D>): Explainable {
  const network = networkOf(model, system.network?.(model) ?? {});
  if (!network) {
    throw new PondusError(
      "explain.none",
      `${system.name}: its page says neither what to explain nor how its model is applied; give it \`network\` (inputs are ` +
        "then drawn at random) or `explain` (they are the page's own).",
    );
  }
  const { apply, input, dtype } = network;
  const random = new Stream(0, "inputs");
  const values = Float64Array.from({ length: input.reduce((n, m) => n * m, drawn) }, () => random.normal());
  const inputs = tensor(values, { shape: [drawn, ...input], dtype });
  const looked = isLayer(apply) ? apply : asNetwork(system.name, apply, model, inputs);
  const [part, all] = [looked, model].map((x) => count(x as Model).parameters.total);
  const knobs = (n: number) => n.toLocaleString("en-US");
  const about = `Of the ${knobs(all)} knobs that were trained, the ${knobs(part)} of what the page applies as its network.`;
  return { network: looked, inputs, ...(part < all && { about }) };
}

/** A model that a function of its page applies, as a layer made of the layers that this function uses. */
function asNetwork(name: string, apply: (x: Tensor) => Tensor, model: Model, inputs: Tensor): Layer {
  const used = parametersUnder([apply(inputs).node]);
  const layers: Record<string, Layer> = {};
  const visit = (part: Model, path: string) => {
    if (part instanceof Tensor) return;
    if (isLayer(part)) {
      if (Object.values(parametersOf(part)).some((parameter) => used.has(parameter))) layers[path] = part;
      return;
    }
    for (const [key, child] of Object.entries(part)) visit(child, path ? `${path}.${key}` : key);
  };
  visit(model, "");
  return layer("network", apply, { name, parameters: knobsOf(model), children: layers });
}
