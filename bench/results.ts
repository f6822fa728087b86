import { writeFileSync } from "node:fs";
import { cases } from "./cases/index.ts";
import { goalColumns, number, time } from "./format.ts";
import type { BenchResult, Cell, VariantResult } from "./result.ts";
import { against, baselines, ceilingNames, ceilingUnit } from "./table.ts";

/** Writes the page that keeps the last full run. */
export function writeResults(file: string, result: BenchResult): void {
  writeFileSync(file, resultsPage(result));
}

/** A full run as a page: goals, ratios, times, and where it was measured. */
export function resultsPage(result: BenchResult): string {
  const { results } = result;
  const measuredCases = cases.filter(({ name }) => results.some((one) => one.case === name));
  const of = (name: string) => results.filter((one) => one.case === name);
  return `${[
    "# The last full run of the bench",
    "Written by `npm run bench`; do not edit. A ratio is a program's time over that of Pondus native (the better of one thread and all): " +
      "above 1, Pondus is faster. Every figure is the median of seven slices, taken in turn.",
    "## Goals",
    markdown(
      ["case", "goal", "figure", ""],
      results.flatMap((one) => one.verdicts.map((v) => [`${one.case}, ${one.variant}`, ...goalColumns(v)])),
    ),
    "## Ratios",
    ...measuredCases.flatMap((one) => [
      `### ${one.name}`,
      one.title,
      grid(of(one.name), (cell, row) => against(cell, baselines(row)[0])),
    ]),
    "## Times",
    ...measuredCases.flatMap(({ name }) => [
      `### ${name}, seconds`,
      grid(of(name), (cell) => (cell.seconds === undefined ? "" : time(cell.seconds))),
    ]),
    ...unmeasured(results),
    "## The machine",
    machinePage(result),
  ].join("\n\n")}\n`;
}

/** Participants as rows, variants as columns; or the other way round where there are many variants. */
function grid(rows: readonly VariantResult[], text: (cell: Cell, row: VariantResult) => string): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.cells)))];
  return markdown(
    ["", ...names],
    rows.map((row) => [
      row.variant,
      ...names.map((name) => {
        const cell = row.cells[name];
        return cell === undefined ? "" : cell.problem ? cell.problem.split(":")[0] : text(cell, row);
      }),
    ]),
  );
}

function unmeasured(results: readonly VariantResult[]): string[] {
  const rows = results.flatMap((row) =>
    Object.entries(row.cells).flatMap(([name, { problem }]) =>
      problem ? [[`${row.case}, ${row.variant}`, name, problem]] : [],
    ),
  );
  return rows.length === 0 ? [] : ["## Not timed, and why", markdown(["case", "program", "reason"], rows)];
}

function machinePage({ machine, participants, date, seconds }: BenchResult): string {
  const facts = [
    ["processor", `${machine.processor}, ${machine.cores} cores`],
    ["features", machine.features.join(" ") || "unknown"],
    ["memory", `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`],
    ["system", machine.system],
    ["node", machine.node],
    ["cc", machine.compiler],
    ...Object.entries(machine.ceilings).map(([name, most]) => [
      ceilingNames[name] ?? name,
      `${number(most)} ${ceilingUnit(name)}`,
    ]),
    ["date", date.slice(0, 10)],
    ["slice", `${seconds} s`],
    ...participants.map(({ name, version, threads, missing }) => [
      name,
      missing === undefined ? `${version}, ${threads} ${threads === 1 ? "thread" : "threads"}` : `missing: ${missing}`,
    ]),
  ];
  return markdown(["", ""], facts);
}

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), `|${header.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}
