import { PondusError } from "../graph/errors.ts";
import { formatNumber } from "../systems/metrics.ts";
import { predict } from "../systems/predict.ts";
import { loadRun } from "./load-system.ts";
import { colorsFor, print, printJson } from "./streams.ts";
import { formatTable } from "./table.ts";

/** `pondus predict`: what a trained model says of new inputs. */
export async function predictCommand(folder: string, inputs: string[], { json }: { json?: boolean }): Promise<void> {
  const numbers = inputs.map(readNumbers);
  const { system, run } = await loadRun(folder);
  const columns = Object.entries(await predict(system, run, numbers)).map(([name, values]) => {
    return [name, Array.from(values)] as const;
  });
  if (json) return printJson({ system: system.name, run: folder, columns: Object.fromEntries(columns) });
  const { dim } = colorsFor(process.stdout);
  const rows = columns[0][1].map((_, i) => columns.map(([, values]) => formatNumber(values[i])));
  const right = columns.map((_, i) => i);
  print(formatTable([columns.map(([name]) => dim(name)), ...rows], right));
}

/** "1,2.5" as [1, 2.5]. */
function readNumbers(text: string): number[] {
  return text.split(",").map((part) => {
    const value = part.trim() === "" ? Number.NaN : Number(part);
    if (Number.isFinite(value)) return value;
    throw new PondusError("predict.number", `predict: expected numbers such as 20 or 1,2.5, but "${text}" came.`);
  });
}
