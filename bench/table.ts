import { cases } from "./cases/index.ts";
import { columns } from "./columns.ts";
import { goalColumns, number, time } from "./format.ts";
import { measuredIn } from "./measured.ts";
import { rate } from "./rate.ts";
import type { BenchResult, Cell, VariantResult } from "./result.ts";

/** Everything measured, for a terminal. */
export function printTable(result: BenchResult): string {
  const { machine, participants, results } = result;
  const missing = participants.filter((one) => one.missing !== undefined);
  const blocks = [
    ...results.map((one) => block(one, machine.ceilings)),
    `Goals\n${indented(summary(results))}`,
    `Machine\n${indented(
      columns([
        [machine.processor, `${machine.cores} cores`],
        ...Object.entries(machine.ceilings).map(([name, most]) => [
          ceilingNames[name] ?? name,
          `${number(most)} ${ceilingUnit(name)}`,
        ]),
      ]),
    )}`,
  ];
  if (missing.length > 0) {
    blocks.push(
      `Missing\n${indented(
        columns(
          missing.map(({ name, missing: why = "" }) => [name, why]),
          [0, 1],
        ),
      )}`,
    );
  }
  return `${blocks.join("\n\n")}\n`;
}

function block(result: VariantResult, ceilings: Readonly<Record<string, number>>): string {
  const one = cases.find(({ name }) => name === result.case);
  const work = one?.variants.find(({ name }) => name === result.variant)?.work;
  const [native, wasm] = baselines(result);
  const header = ["", "time", "/native", "/wasm", ""];
  const rows = Object.entries(result.cells).map(([name, cell]) => [
    cell.note ? `${name} (${cell.note})` : name,
    cell.seconds === undefined ? "" : time(cell.seconds),
    against(cell, native),
    against(cell, wasm),
    cell.problem ?? rate(work, cell, ceilings),
  ]);
  const goals = result.verdicts.map((verdict) => {
    const [goal, value, met] = goalColumns(verdict);
    return [`goal: ${goal}`, value, met];
  });
  const title = `${result.case}, ${result.variant}: ${one?.title ?? ""}`;
  return [title, indented(columns([header, ...rows], [0, 4])), goals.length > 0 ? indented(columns(goals, [0, 2])) : ""]
    .filter((part) => part !== "")
    .join("\n");
}

/** The times that ratios are of: the best of Pondus native, and Pondus wasm. */
export function baselines(result: VariantResult): [native: number | undefined, wasm: number | undefined] {
  const measured = measuredIn([result], result.variant);
  return [measured.seconds("native") ?? measured.seconds("pondus-native warm"), measured.seconds("pondus-wasm")];
}

export function against(cell: Cell, baseline: number | undefined): string {
  return cell.seconds === undefined || baseline === undefined ? "" : `${number(cell.seconds / baseline)}x`;
}

function summary(results: readonly VariantResult[]): string {
  const rows = results.flatMap((result) =>
    result.verdicts.map((verdict) => [`${result.case}, ${result.variant}`, ...goalColumns(verdict)]),
  );
  const count = (wanted: string) => rows.filter((row) => row.at(-1) === wanted).length;
  const counts = `${count("met")} met, ${count("MISSED")} missed, ${count("not measured")} not measured`;
  return `${columns(rows, [0, 1, 3])}\n${counts}`;
}

export const ceilingNames: Readonly<Record<string, string>> = {
  "fma-f32": "fused multiply-adds, float32, one core",
  "fma-f32 all": "fused multiply-adds, float32, all cores",
  "fma-f64": "fused multiply-adds, float64, one core",
  "fma-f64 all": "fused multiply-adds, float64, all cores",
  memory: "memory read and written, one core",
  "memory all": "memory read and written, all cores",
  clock: "clock",
};

export function ceilingUnit(name: string): string {
  return name.startsWith("fma") ? "GFLOP/s" : name.startsWith("memory") ? "GB/s" : "GHz";
}

const indented = (text: string) => text.replace(/^(?=.)/gm, "  ");
