import { describeFits } from "../experiment/overfitting.ts";
import { restoreModel } from "../experiment/predict.ts";
import { weighRun } from "../experiment/run/run-ledger.ts";
import { ceilings } from "../ledger/measured/ceilings.ts";
import type { Measured } from "../ledger/measured/measure.ts";
import { type Measurable, measurable, measureModel } from "../ledger/measured/measure-model.ts";
import { predictTimes } from "../ledger/measured/predict.ts";
import type { InferencePrice } from "../ledger/price.ts";
import { type Weighing, type WeighOptions, weigh } from "../ledger/weigh.ts";
import { isRunFolder, loadModel, loadRun } from "./load-system.ts";
import { measureAlone } from "./measure-alone.ts";
import { colorsFor, print, printJson, say } from "./streams.ts";
import { formatMeasured, type Taken, type TakenByProgram } from "./weigh-measured.ts";
import { formatWeighing } from "./weigh-table.ts";

export interface WeighFlags {
  readonly batch?: number;
  readonly measure?: boolean;
  /** What a process of its own is asked by the one that measures. */
  readonly alone?: Measurable;
  readonly json?: boolean;
}

/** `pondus weigh`: how many knobs, where, and what running and training them takes. */
export async function weighCommand(what: string, { batch, measure, alone, json }: WeighFlags): Promise<void> {
  const found = isRunFolder(what) ? await ofRun(what) : { ...(await loadModel(what)), run: undefined };
  const { name, model, network, run } = found;
  const options: WeighOptions = { batch, ...network };
  if (alone) return printJson({ measured: await measureModel(model, alone, options) });
  const weighing = weigh(model, options);
  const predicted = await predict(weighing);
  const measured = measure ? await measureAll(what, weighing) : undefined;
  if (json) return printJson({ system: name, ...weighing, predicted, measured, run });
  const colors = colorsFor(process.stdout);
  print(formatWeighing(name, weighing, predicted, colors));
  if (measured) print(`\n${formatMeasured(predicted, measured, colors)}`);
  if (run) print(`\n  ${colors.bold("Knobs and data")}\n  ${describeFits(run.fits).join("\n  ")}`);
}

async function ofRun(folder: string) {
  const { system, run } = await loadRun(folder);
  const { model } = restoreModel(system, run);
  return { name: system.name, model, network: system.network?.(model), run: weighRun(run.description) };
}

/** What one run of each program should take. What the machine reaches is measured once; on no compiled backend, never. */
async function predict(weighing: Weighing): Promise<TakenByProgram> {
  const { backend, inference, training } = weighing;
  if (!inference || backend === "reference") return {};
  let told = false;
  const reached = await ceilings({
    backend,
    onProgress: () => {
      if (!told) say("measuring once what this machine reaches (a few seconds) ...");
      told = true;
    },
  });
  const times = predictTimes(weighing, reached);
  const taken = (price: InferencePrice, seconds = Number.NaN): Taken => ({
    arenaBytes: price.peakBytes,
    processBytes: price.peakBytes + price.hostBytes,
    seconds,
  });
  return {
    inference: taken(inference, times.inference),
    ...(training && { training: taken(training, times.training) }),
  };
}

async function measureAll(what: string, { batch, inference, training }: Weighing): Promise<TakenByProgram> {
  const measured: { [P in Measurable]?: Taken } = {};
  for (const which of measurable) {
    if (which === "inference" ? !inference : !training) continue;
    say(`measuring ${which} in a process of its own ...`);
    const seen = await measureAlone(["weigh", what, "--batch", String(batch), "--alone", which]);
    measured[which] = takenOf(seen);
  }
  return measured;
}

const takenOf = ({ arenaBytes, peakBytes, secondsPerRun }: Measured): Taken => ({
  arenaBytes,
  processBytes: peakBytes,
  seconds: secondsPerRun,
});
