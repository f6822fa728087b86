import { stripVTControlCharacters } from "node:util";
import { formatNumber } from "../experiment/metrics.ts";
import { ask } from "../experiment/predict.ts";
import { loadRun } from "./load-system.ts";
import { colorsFor, print, printJson } from "./streams.ts";
import { formatTable } from "./table.ts";
import { wrapped } from "./wrap.ts";

/** `pondus predict`: what a trained model says of new inputs. */
export async function predictCommand(folder: string, inputs: string[], { json }: { json?: boolean }): Promise<void> {
  const { system, run } = await loadRun(folder);
  const columns = Object.entries(await ask(system, run, inputs)).map(([name, values]) => {
    return [name, Array.from<number | string>(values)] as const;
  });
  if (json) return printJson({ system: system.name, run: folder, columns: Object.fromEntries(columns) });
  const { dim } = colorsFor(process.stdout);
  const rows = columns[0][1].map((_, i) => columns.map(([, values]) => shown(values[i])));
  const right = columns.flatMap(([, [first]], i) => (typeof first === "string" ? [] : [i]));
  const table = formatTable([columns.map(([name]) => dim(name)), ...rows], right);
  const room = process.stdout.columns || 80;
  const isNarrow = table.split("\n").every((line) => stripVTControlCharacters(line).length <= room);
  if (right.length < columns.length && !(isNarrow && rows.flat().every((text) => !text.includes("\n")))) {
    // Texts have room for themselves.
    const width = room - 4;
    const block = (text: string) => text.split("\n").flatMap((line) => wrapped(line.split(" "), width));
    const blocks = rows.map((row) => row.map((text, i) => [dim(columns[i][0]), ...block(text)].join("\n    ")));
    return print(blocks.map((parts) => `  ${parts.join("\n  ")}`).join("\n\n"));
  }
  print(table);
}

const shown = (value: number | string) => (typeof value === "number" ? formatNumber(value) : value);
