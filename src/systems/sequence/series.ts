import { once } from "../../experiment/data/once.ts";
import { packageFile } from "../../experiment/data/package-file.ts";
import { readTimeSeries } from "../../experiment/data/time-series.ts";
import type { Columns } from "../../experiment/system.ts";
import { PondusError } from "../../graph/errors.ts";
import { numbers, readCsv, type Table } from "../../io/csv.ts";

/** Values at times that lie equally far apart. */
export interface Series {
  readonly time: { readonly name: string; readonly values: readonly number[] };
  readonly name: string;
  readonly values: readonly number[];
  /** After how many steps the seasons return, where they do. */
  readonly season?: number;
}

/** A series that is read at the first call. */
export type LazySeries = () => Series;

/** The last part in so many is held out. */
export const seriesHeldOut = 5;

/** Changes in a window, at most. */
const longestWindow = 36;
const shortestWindow = 4;

/** With fewer values, windows would be too short or too few. */
const fewest = 40;

/** How many changes a window has: fewer where the series is short, so that there are several windows to learn from. */
export function windowOf({ values }: Series): number {
  return Math.max(shortestWindow, Math.min(longestWindow, Math.floor(values.length / 8)));
}

/** The changes from each value to the next, and in which unit the model sees them. */
export function changesOf(series: Series) {
  const changes = series.values.slice(1).map((value, i) => value - series.values[i]);
  const train = changes.length - Math.floor(changes.length / seriesHeldOut);
  // What is held out has no part in the unit.
  const mean = changes.slice(0, train).reduce((sum, c) => sum + c, 0) / train;
  const unit = Math.sqrt(changes.slice(0, train).reduce((sum, c) => sum + (c - mean) ** 2, 0) / train);
  return { changes, train, unit };
}

/**
 * A user's own series: its times, and the one column of its values.
 *
 * @throws `data.columns` unless there is one column of values, `data.short`, `data.steps` where times do not lie
 *         equally far apart, `data.flat` where the values change always or never by the same, and what
 *         `readTimeSeries` throws
 */
export function readSeries(table: Table, columns: Columns): Series {
  const { time, states } = readTimeSeries(table, columns);
  if (states.length > 1) {
    throw new PondusError(
      "data.columns",
      `${table.name}: one series is forecast, but ${states.length} columns came beside the time ` +
        `(${states.map(({ name }) => name).join(", ")}); choose one with --state.`,
    );
  }
  const [{ name, values }] = states;
  if (values.length < fewest) {
    throw new PondusError(
      "data.short",
      `${table.name}: a series of at least ${fewest} rows is needed, of which the last fifth is held out, but ${values.length} came.`,
    );
  }
  checkSteps(table, time);
  const series: Series = { time, name, values };
  if (!(changesOf(series).unit > 0)) {
    throw new PondusError(
      "data.flat",
      `${table.name}: "${name}" goes from row to row by the same amount, and there is nothing to learn.`,
    );
  }
  return series;
}

/** Months and years have days more or less; a gap or a double step is more than that. */
const uneven = 0.25;

function checkSteps(table: Table, { name, values }: Series["time"]): void {
  const steps = values.slice(1).map((t, i) => t - values[i]);
  const middle = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)];
  const odd = steps.findIndex((step) => Math.abs(step / middle - 1) > uneven);
  if (odd < 0) return;
  throw new PondusError(
    "data.steps",
    `${table.name}:${table.rows[odd + 1].line}: column "${name}": rows should be equally far apart, but from ${values[odd]} to ` +
      `${values[odd + 1]} it is ${steps[odd]}, where ${middle} is usual; fill the gap, or give the part before or after it.`,
  );
}

/**
 * Carbon dioxide in the air at Mauna Loa, ppm, month by month from May 1964, after the last months that are missing, to
 * April 2020: C. D. Keeling and others, Scripps CO2 Program (CC BY 4.0), as the package `vega-datasets` has it.
 */
export const maunaLoa: LazySeries = once(() => {
  const table = readCsv(
    packageFile("vega-datasets", "data/co2-concentration.csv", "the system sequence learns from a series of"),
  );
  const months = table.rows.map(({ cells: [date] }) => {
    const [year, month] = date.split("-").map(Number);
    return 12 * year + month - 1;
  });
  const first = months.findLastIndex((month, i) => i > 0 && month > months[i - 1] + 1);
  const values = [...numbers(table, "CO2").values].slice(first);
  return {
    time: { name: "year", values: months.slice(first).map((month) => (month + 0.5) / 12) },
    name: "CO2 (ppm)",
    values,
    season: 12,
  };
});
