import { formatNumber, listMetrics, type Metrics } from "./metrics.ts";

/** Metrics as a table: each of the groups that stand together in one place is a row. */
export interface MetricTable {
  readonly title: string;
  /** The place of the groups: "text.forms". */
  readonly of: string;
  /** Over the names of the groups. */
  readonly heading: string;
  /**
   * Which metrics of a group are shown, each under its heading: `{ knobs: "knobs", lossTrain: "loss" }`. One that was
   * measured several times is a group `{ mean, spread }`, and shown as 0.974 ± 0.002.
   */
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
  if (typeof value === "object") return isRepeated(value) ? repeated(value) : "";
  if (value === undefined) return "";
  return typeof value === "number" ? short(value) : formatNumber(value);
}

/** What came out of several runs that differ by chance alone. */
type Repeated = { readonly mean: number; readonly spread: number };

function isRepeated(value: Metrics): value is Repeated {
  return typeof value.mean === "number" && typeof value.spread === "number" && Object.keys(value).length === 2;
}

/** As many digits as the spread leaves: one of its own, two where that is a 1. */
function repeated({ mean, spread }: Repeated): string {
  if (!(spread > 0 && Number.isFinite(spread))) return `${short(mean)} ± ${short(spread)}`;
  const exponent = Math.floor(Math.log10(spread));
  const digits = Math.min(20, Math.max(0, (spread < 2 * 10 ** exponent ? 1 : 0) - exponent));
  return `${mean.toFixed(digits)} ± ${spread.toFixed(digits)}`;
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
  return listMetrics(metrics).filter(([name]) => !shown.has(name) && !shown.has(name.replace(/\.(mean|spread)$/, "")));
}
