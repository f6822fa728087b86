import { PondusError } from "../../graph/errors.ts";
import { numbers, type Table } from "../../io/csv.ts";
import type { Columns } from "../system.ts";

/** Measurements of one or more quantities at rising times. */
export interface TimeSeries {
  readonly time: { readonly name: string; readonly values: readonly number[] };
  readonly states: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** Fewer points cannot tell a curve from a line. */
const fewest = 4;

/**
 * Reads a time series from a table: time from the column so named (default: the first), states from theirs (default:
 * all the others).
 *
 * @throws `data.order` when times do not rise, `data.short` for fewer than four rows, `data.columns` when no column is
 *         left for the state or one is named twice, and `csv.*`
 */
export function readTimeSeries(table: Table, columns: Columns): TimeSeries {
  const timeName = columns.time ?? table.columns[0];
  const stateNames = columns.state ?? table.columns.filter((name) => name !== timeName);
  if (stateNames.length === 0) {
    throw new PondusError(
      "data.columns",
      `${table.name}: beside the time "${timeName}" there is no column for the state.`,
    );
  }
  const twice = [timeName, ...stateNames].find((name, i, all) => all.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new PondusError(
      "data.columns",
      `${table.name}: column "${twice}" is named twice, but it can be the time or one state, not both.`,
    );
  }
  const time = numbers(table, timeName);
  const hint = columns.state || stateNames.length === 1 ? "" : "; choose the columns of the state with --state";
  const states = stateNames.map((name) => numbers(table, name, hint));
  for (let i = 1; i < time.values.length; i++) {
    const [before, now] = [time.values[i - 1], time.values[i]];
    if (now > before) continue;
    const what = now === before ? `${now} stands twice` : `${now} comes after ${before}`;
    throw new PondusError(
      "data.order",
      `${table.name}:${time.lines[i]}: column "${timeName}": times must rise, but ${what} (line ${time.lines[i - 1]}); ` +
        "sort the rows by time, one row to a time.",
    );
  }
  if (time.values.length < fewest) {
    throw new PondusError(
      "data.short",
      `${table.name}: ${time.values.length === 1 ? "1 row" : `${time.values.length} rows`} of measurements came, and at least ${fewest} are needed.`,
    );
  }
  const plain = ({ name, values }: { name: string; values: Float64Array }) => ({ name, values: [...values] });
  return { time: plain(time), states: states.map(plain) };
}

/** These rows alone, counted from 0. */
export function rowsOf({ time, states }: TimeSeries, rows: readonly number[]): TimeSeries {
  const cut = <T extends { values: readonly number[] }>(column: T) => ({
    ...column,
    values: rows.map((row) => column.values[row]),
  });
  return { time: cut(time), states: states.map(cut) };
}

/** Root mean square of prediction minus measurement, over all states and the rows named (default: all). */
export function rootMeanSquare(
  { time, states }: TimeSeries,
  predicted: readonly (readonly number[])[],
  rows: readonly number[] = time.values.map((_, row) => row),
): number {
  const errors = states.flatMap(({ values }, i) => rows.map((row) => predicted[i][row] - values[row]));
  // In units of the largest error, or squares of very large ones would overflow.
  const top = errors.reduce((most, e) => Math.max(most, Math.abs(e)), 0) || 1;
  return top * Math.sqrt(errors.reduce((sum, e) => sum + (e / top) ** 2, 0) / errors.length);
}
