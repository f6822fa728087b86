import { PondusError } from "../graph/errors.ts";
import { metricsAt } from "./metric-table.ts";
import type { Metrics } from "./metrics.ts";
import type { Outcome } from "./system.ts";

/**
 * What a page's `train` returned, if it is what it should be: pages in JavaScript have no compiler to tell them.
 *
 * @throws `page.outcome`
 */
export function checkOutcome(system: string, outcome: unknown): Outcome {
  const wrong = (what: string) =>
    new PondusError("page.outcome", `${system}: train() should return ${what}`, { exitCode: 1 });
  if (!isRecord(outcome) || !isRecord(outcome.metrics)) {
    throw wrong(
      `{ metrics: { ... }, plots: [ ... ] }, but ${named(outcome)} came${isRecord(outcome) ? " without metrics" : ""}.`,
    );
  }
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "number" || typeof value === "boolean") return;
    if (!isRecord(value)) {
      throw wrong(`numbers, booleans or groups of them as metrics, but ${path} is ${named(value)}.`);
    }
    for (const [name, part] of Object.entries(value)) visit(part, `${path}.${name}`);
  };
  visit(outcome.metrics, "metrics");
  const listIn = (part: Record<string, unknown>, name: "plots" | "matrices" | "tables" | "samples"): unknown[] => {
    const list = part[name] ?? [];
    if (!Array.isArray(list)) throw wrong(`a list of ${name}, but ${named(list)} came.`);
    return list;
  };
  const checkMatrix = (matrix: unknown, where: string) => {
    const { name, columns, values } = isRecord(matrix) ? matrix : {};
    const size = count(values);
    const rows = Number.isInteger(columns) && size !== undefined ? size / (columns as number) : 0;
    if (typeof name === "string" && Number.isInteger(rows) && rows > 0) return;
    throw wrong(
      `matrices with a name, a number of columns and a list of values that fills them, but ${where} has ` +
        `${columns === undefined ? "no" : columns} columns and ${size ?? "no"} values.`,
    );
  };
  for (const [i, plot] of listIn(outcome, "plots").entries()) {
    const where = `plots[${i}]`;
    if (!isRecord(plot) || typeof plot.title !== "string") throw wrong(`plots with a title, but ${where} has none.`);
    if (plot.matrices !== undefined) {
      for (const [j, matrix] of listIn(plot, "matrices").entries()) checkMatrix(matrix, `${where}.matrices[${j}]`);
      continue;
    }
    for (const axis of ["x", "y"]) {
      if (isRecord(plot[axis]) && typeof plot[axis].label === "string") continue;
      throw wrong(`plots with a label for each axis, but ${where}.${axis}.label is missing.`);
    }
    if (!Array.isArray(plot.series))
      throw wrong(`plots with a list of series, but ${where}.series is ${named(plot.series)}.`);
    for (const [j, series] of plot.series.entries()) {
      const [x, y] = [count(series?.x), count(series?.y)];
      if (x !== undefined && x === y) continue;
      throw wrong(
        `series whose x and y are lists of equal length, but ${where}.series[${j}] has ${x ?? "no"} x and ${y ?? "no"} y.`,
      );
    }
  }
  for (const [i, table] of listIn(outcome, "tables").entries()) {
    const shown = isRecord(table) && isRecord(table.columns) && typeof table.of === "string" ? table : undefined;
    if (typeof shown?.title !== "string" || typeof shown.heading !== "string") {
      throw wrong(`tables with title, of, heading and columns, but one of them is missing from tables[${i}].`);
    }
    if (metricsAt(outcome.metrics as Metrics, shown.of as string)) continue;
    throw wrong(`tables of groups of metrics, but metrics.${shown.of}, which tables[${i}] shows, is no group.`);
  }
  for (const [i, sample] of listIn(outcome, "samples").entries()) {
    if (isRecord(sample) && typeof sample.title === "string" && typeof sample.text === "string") continue;
    throw wrong(`samples with title and text, but one of them is missing from samples[${i}].`);
  }
  return outcome as unknown as Outcome;
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);

const count = (x: unknown): number | undefined =>
  Array.isArray(x) || ArrayBuffer.isView(x) ? (x as unknown as ArrayLike<number>).length : undefined;

function named(x: unknown): string {
  if (x === undefined || x === null) return String(x);
  return Array.isArray(x) ? "a list" : `a ${typeof x}`;
}
