import type { TimeSeries } from "../../experiment/data/time-series.ts";
import type { Trained } from "../../experiment/system.ts";
import { PondusError } from "../../graph/errors.ts";
import type * as nn from "../../nn/index.ts";
import * as ode from "../../ode/index.ts";
import { concat, full, tensor } from "../../tensor/functions.ts";
import { parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { hiddenStates, type Law, rateLayer } from "./laws.ts";
import { unitsOf } from "./series.ts";

/** The unknown law, and the state at the first time: [states], or [members, states] of an ensemble. */
export type Growth = { rate: nn.Layer; start: Tensor };

/**
 * A network of a thousand knobs for the rate (or what else the law says), and a start at the first measurement.
 *
 * @throws `data.law` when the law cannot be that of the series
 */
export function growthModel(
  data: TimeSeries,
  dtype: "float32" | "float64",
  { law = "network", members }: { readonly law?: Law; readonly members?: number } = {},
): Growth {
  const first = data.states.map(({ values }, i) => values[0] / unitsOf(data).states[i]);
  const lead = members === undefined ? [] : [members];
  const rate = rateLayer(data, { law, dtype, members });
  const seen = parameter([...lead, first.length], () => (i) => first[i % first.length], { name: "start", dtype });
  // Hidden states begin at 0, as nothing is known of them.
  const start = law === "augmented" ? concat([seen, full([...lead, hiddenStates], 0, dtype)], -1) : seen;
  return { rate, start };
}

export const membersOf = ({ start }: Growth) => (start.rank === 2 ? start.shape[0] : undefined);

/** The path minus the measurements, [times, states] or [times, members, states], in units of `unitsOf(data)`. */
export function growthErrors(model: Growth, data: TimeSeries): Tensor {
  return solvePath(model, data, data.time.values).sub(measured(model, data, unitsOf(data).states));
}

/** Measurements in the given units, [times, states], or [times, 1, states] for an ensemble. */
export function measured({ start }: Growth, { time, states }: TimeSeries, units: readonly number[]): Tensor {
  const rows = time.values.map((_, row) => states.map(({ values }, i) => values[row] / units[i]));
  const values = tensor(rows, { dtype: start.dtype });
  return start.rank === 2 ? values.unsqueeze(1) : values;
}

/**
 * Two steps from row to row: short enough for the measurements, and a training step takes the same time each, less than with
 * steps as long as an error of 1e-3 or 1e-4 allows.
 */
const trained: ode.SolveOptions = { method: ode.rk4, substeps: 2 };

/** The measured states along the path, [times, states] or [times, members, states], in units of `unitsOf(data)`. */
export function solvePath(model: Growth, data: TimeSeries, times: readonly number[], how = trained): Tensor {
  return solveStates(model, data, times, how).slice(0, data.states.length, -1);
}

/** The same with the hidden states. */
export function solveStates(
  { rate, start }: Growth,
  data: TimeSeries,
  times: readonly number[],
  how: ode.SolveOptions = trained,
): Tensor {
  const { time } = unitsOf(data);
  const since = times.map((t) => (t - data.time.values[0]) / time);
  return ode.solve(rate, start, since, how);
}

/** Steps as long as the error allows, whatever times are wanted; members have nothing to do with one another. */
export function exactly({ start }: Growth): ode.SolveOptions {
  return { rtol: start.dtype === "float64" ? 1e-9 : 1e-5, ...(start.rank === 2 && { batch: 0 }) };
}

/** Values of states at times: a list to a member, in it one to a state, in it one to a time. */
export type Paths = readonly (readonly (readonly number[])[])[];

/**
 * The states at any times from the first on, in the data's own units, of every member (of one network: of the only one).
 *
 * @throws `predict.input` for a time before the first
 */
export async function pathsAt(
  evaluate: Trained["evaluate"],
  model: Growth,
  data: TimeSeries,
  times: readonly number[],
): Promise<Paths> {
  const first = data.time.values[0];
  const before = times.find((t) => t < first);
  if (before !== undefined) {
    throw new PondusError("predict.input", `predict: ${before} lies before ${first}, where the path begins.`);
  }
  const grid = [...new Set([first, ...times])].sort((a, b) => a - b);
  const { path } = await evaluate({ path: solvePath(model, data, grid, exactly(model)) });
  const units = unitsOf(data).states;
  const members = membersOf(model) ?? 1;
  const row = new Map(grid.map((t, i) => [t, i]));
  return Array.from({ length: members }, (_, m) =>
    units.map((unit, i) =>
      times.map((t) => path.data[((row.get(t) as number) * members + m) * units.length + i] * unit),
    ),
  );
}
