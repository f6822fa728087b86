export type { RunFiles } from "../io/run-folder.ts";
export { readTimeSeries, type TimeSeries } from "./data/time-series.ts";
export { type DrawnExplanation, explain } from "./explain-run.ts";
export type { FitSummary } from "./fits.ts";
export type { MetricTable } from "./metric-table.ts";
export type { Metrics } from "./metrics.ts";
export { formatNumber, listMetrics } from "./metrics.ts";
export { describeFit } from "./overfitting.ts";
export { ask, predict, restoreModel } from "./predict.ts";
export type { RunExplanation } from "./report/explain-page.ts";
export { type Drawing, evenly, type Matrix, type MatrixPlot, type Plot, type Series } from "./report/plot.ts";
export type { DataFile, RunDescription } from "./run/description.ts";
export { type OpenedRun, openRun } from "./run/run.ts";
export { type RunLedger, weighRun } from "./run/run-ledger.ts";
export {
  type Answer,
  type AnySystem,
  type Columns,
  defineSystem,
  type Outcome,
  type Prediction,
  type Sample,
  type Session,
  type System,
  type Trained,
} from "./system.ts";
export { type TrainOptions, type TrainResult, train } from "./train.ts";
