import curvature from "./curvature.ts";
import dimer from "./dimer.ts";
import friction from "./friction.ts";
import neuron from "./neuron.ts";
import proteins from "./proteins.ts";
import sequence from "./sequence.ts";
import type { AnySystem } from "./system.ts";
import vision from "./vision.ts";
import yeast from "./yeast.ts";

export { type DrawnExplanation, explain, type RunExplanation } from "./explain-run.ts";
export type { FitSummary } from "./fits.ts";
export type { MetricTable } from "./metric-table.ts";
export { formatNumber, listMetrics } from "./metrics.ts";
export { describeFit } from "./overfitting.ts";
export { type Drawing, evenly, type Matrix, type MatrixPlot, type Plot, type Series } from "./plot.ts";
export { ask, predict, restoreModel } from "./predict.ts";
export { type OpenedRun, openRun } from "./run.ts";
export type { DataFile } from "./run-data.ts";
export { type RunLedger, weighRun } from "./run-ledger.ts";
export {
  type Answer,
  type AnySystem,
  type Columns,
  defineSystem,
  type Metrics,
  type Outcome,
  type Prediction,
  type Sample,
  type Session,
  type System,
  type Trained,
} from "./system.ts";
export { readTimeSeries, type TimeSeries } from "./time-series.ts";
export { type RunDescription, type TrainOptions, type TrainResult, train } from "./train.ts";
export { curvature, dimer, friction, neuron, proteins, sequence, vision, yeast };

/** The worked systems, in the order in which to meet them. */
export const systems: readonly AnySystem[] = [neuron, yeast, dimer, curvature, vision, sequence, friction, proteins];
