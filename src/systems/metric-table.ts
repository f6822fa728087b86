import { formatNumber, listMetrics } from "./metrics.ts";
import type { Metrics } from "./system.ts";

/** Metrics as a table: each of the groups that stand together in one place is a row. */
export interface MetricTable {
  readonly title: string;
  /** The place of the groups: "text.forms". */
  readonly of: string;
  /** Over the names of the groups. */
  readonly heading: string;
  /** Which metrics of a group are shown, each under its heading: `{ knobs: "knobs", lossTrain: "loss" }`. */
  readonly columns: Readonly<Record<string, string>>;
}

/** The group that a dotted path leads to. */
export function metricsAt(metrics: Metrics, path: string): Metrics | undefined {
  const found = path
    .split(".")
    .reduce<Metrics[string] | undefined>((x, name) => (typeof x === "object" ? x[name] : undefined), metrics);
  return typeof found === "object" ? found : undefined;
}

/** The table's lines, the headings first; a metric that a group does not have leaves its cell empty. */
export function tableLines({ of, heading, columns }: MetricTable, metrics: Metrics): string[][] {
  const groups = Object.entries(metricsAt(metrics, of) ?? {});
  const rows = groups.map(([name, group]) => [name, ...Object.keys(columns).map((column) => cell(group, column))]);
  return [[heading, ...Object.values(columns)], ...rows];
}

function cell(group: Metrics[string], column: string): string {
  const value = typeof group === "object" ? group[column] : undefined;
  return value === undefined || typeof value === "object"
    ? ""
    : typeof value === "number"
      ? short(value)
      : formatNumber(value);
}

/** Whole numbers by thousands, others to four digits. */
const short = (x: number) => (Number.isInteger(x) ? x.toLocaleString("en-US") : formatNumber(x));

/** The metrics that stand in none of the tables, as a flat list. */
export function listOthers(
  metrics: Metrics,
  tables: readonly MetricTable[],
): [name: string, value: number | boolean][] {
  const shown = new Set(
    tables.flatMap(({ of, columns }) =>
      Object.keys(metricsAt(metrics, of) ?? {}).flatMap((row) => Object.keys(columns).map((c) => `${of}.${row}.${c}`)),
    ),
  );
  return listMetrics(metrics).filter(([name]) => !shown.has(name));
}
