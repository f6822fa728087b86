import { readTimeSeries, type TimeSeries } from "../../experiment/data/time-series.ts";
import { evenly } from "../../experiment/report/plot.ts";
import type { Columns } from "../../experiment/system.ts";
import { PondusError } from "../../graph/errors.ts";
import type { Table } from "../../io/csv.ts";

/** T. Carlson, Biochem. Z. 57:313 (1913), as tabulated by R. Pearl, Q. Rev. Biol. 2:532 (1927). */
export const carlson: TimeSeries = {
  time: { name: "hours", values: evenly(0, 18, 19) },
  states: [
    {
      name: "yeast",
      values: [
        9.6, 18.3, 29.0, 47.2, 71.1, 119.1, 174.6, 257.3, 350.7, 441.0, 513.3, 559.7, 594.8, 629.4, 640.8, 651.1, 655.9,
        659.6, 661.8,
      ],
    },
  ],
};

/** The path is solved through every row at every step, and all of it is kept for the gradient. */
const longest = 20_000;

export function readGrowth(table: Table, columns: Columns): TimeSeries {
  const rows = table.rows.length;
  if (rows <= longest) return changing(readTimeSeries(table, columns), table.name);
  const every = Math.ceil(rows / longest);
  throw new PondusError(
    "data.long",
    `${table.name}: ${rows.toLocaleString("en-US")} rows came, and a path through more than ` +
      `${longest.toLocaleString("en-US")} takes too long to learn; keep one row in ${every}.`,
  );
}

/** A series in which something changes. */
function changing(series: TimeSeries, file: string): TimeSeries {
  if (series.states.some(({ values }) => values.some((x) => x !== values[0]))) return series;
  const each = series.states.map(({ name, values }) => `every ${name} is ${values[0]}`).join(", ");
  throw new PondusError(
    "data.flat",
    `${file}: ${each}: nothing changes, so there is no law of change to learn; give columns that do (--state).`,
  );
}

/** How many rows the forecast learns from. */
export const knownRows = ({ time }: TimeSeries) => Math.ceil((time.values.length * 2) / 3);

/** The logistic law speaks of numbers of living things: none is negative, and there are some. */
export const canGrow = ({ states }: TimeSeries) =>
  states.length === 1 && states[0].values.every((n) => n >= 0) && states[0].values.some((n) => n > 0);

/** That of Lotka and Volterra of two kinds of them, none of which dies out. */
export const canEat = ({ states }: TimeSeries) =>
  states.length === 2 && states.every(({ values }) => values.every((n) => n > 0));

/** Times so close that a line through them looks smooth. */
export const smooth = ({ time: { values } }: TimeSeries) => evenly(values[0], values[values.length - 1], 181);
