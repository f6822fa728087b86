import { type Weighing, weigh } from "../ledger/weigh.ts";
import { restoreModel } from "../systems/predict.ts";
import { isRunFolder, loadRun, loadSystem } from "./load-system.ts";
import { colorsFor, print, printJson } from "./streams.ts";
import { formatTable } from "./table.ts";

/** `pondus weigh`: how many knobs, where. */
export async function weighCommand(what: string, { json }: { json?: boolean }): Promise<void> {
  const { name, model } = isRunFolder(what) ? await ofRun(what) : await ofSystem(what);
  const weighing = weigh(model);
  if (json) printJson({ system: name, ...weighing });
  else print(formatWeighing(name, weighing));
}

async function ofSystem(what: string) {
  const { system } = await loadSystem(what);
  return { name: system.name, model: system.model(system.data) };
}

async function ofRun(folder: string) {
  const { system, run } = await loadRun(folder);
  return { name: system.name, model: restoreModel(system, run).model };
}

function formatWeighing(name: string, { layers, parameters }: Weighing): string {
  const { bold, dim } = colorsFor(process.stdout);
  const count = (n: number) => n.toLocaleString("en-US");
  const rows = layers.map((l) => {
    const shared = l.tensors.flatMap((t) => (t.sharedWith ? [`${t.name} = ${t.sharedWith}`] : []));
    return [l.path, l.name, l.formula, count(l.parameters), dim(shared.join(", "))];
  });
  const total = ["", bold("total"), "", bold(count(parameters.total)), frozen(parameters.frozen)];
  return `  ${bold(name)}\n${formatTable([...rows, total], [3])}`;
  function frozen(n: number) {
    return n > 0 ? dim(`${count(n)} of them frozen`) : "";
  }
}
