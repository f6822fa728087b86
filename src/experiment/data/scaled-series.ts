import { rowsOf, type TimeSeries } from "./time-series.ts";

/** What numbers of order one stand for: times since `origin` in units of `time`, and each state in a unit of its own. */
export interface Units {
  readonly origin: number;
  readonly time: number;
  readonly states: readonly number[];
}

/** A series with the units in which a model sees it. */
export interface ScaledSeries {
  readonly series: TimeSeries;
  readonly units: Units;
}

/** A series in units of its own: the first time, a quarter of the span of times, and the largest absolute value of each state. */
export function scaled(series: TimeSeries): ScaledSeries {
  const { values } = series.time;
  const units = {
    origin: values[0],
    time: (values[values.length - 1] - values[0]) / 4,
    states: series.states.map(({ values }) => values.reduce((top, y) => Math.max(top, Math.abs(y)), 0) || 1),
  };
  return { series, units };
}

/**
 * Rows to learn from, and rows to look at. Both are in the units of the first, which so know nothing of the second: a scale that
 * was computed from a held-out row would tell the model how large that row is.
 */
export function scaledParts(
  series: TimeSeries,
  { train, validation }: { readonly train: readonly number[]; readonly validation: readonly number[] },
): { readonly train: ScaledSeries; readonly validation: ScaledSeries } {
  const known = scaled(rowsOf(series, train));
  return { train: known, validation: { series: rowsOf(series, validation), units: known.units } };
}
