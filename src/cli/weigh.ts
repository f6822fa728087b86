import { weigh } from "../ledger/weigh.ts";
import { restoreModel } from "../systems/predict.ts";
import { isRunFolder, loadModel, loadRun } from "./load-system.ts";
import { colorsFor, print, printJson } from "./streams.ts";
import { formatWeighing } from "./weigh-table.ts";

export interface WeighFlags {
  readonly batch?: number;
  readonly json?: boolean;
}

/** `pondus weigh`: how many knobs, where, and what running and training them takes. */
export async function weighCommand(what: string, { batch, json }: WeighFlags): Promise<void> {
  const { name, model, network } = isRunFolder(what) ? await ofRun(what) : await loadModel(what);
  const weighing = weigh(model, { batch, ...network });
  if (json) printJson({ system: name, ...weighing });
  else print(formatWeighing(name, weighing, colorsFor(process.stdout)));
}

async function ofRun(folder: string) {
  const { system, run } = await loadRun(folder);
  const { model } = restoreModel(system, run);
  return { name: system.name, model, network: system.network?.(model) };
}
