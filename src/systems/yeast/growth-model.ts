import type { ScaledSeries, Units } from "../../experiment/data/scaled-series.ts";
import type { Trained } from "../../experiment/system.ts";
import { PondusError } from "../../graph/errors.ts";
import * as nn from "../../nn/index.ts";
import * as ode from "../../ode/index.ts";
import { concat, full, tensor } from "../../tensor/functions.ts";
import { parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { hiddenStates, type Law, rateLayer, startLaw } from "./laws.ts";

/** The unknown law, and the state at the first time: [states], or [members, states] of an ensemble. */
export type Growth = { rate: nn.Layer; start: Tensor };

/**
 * A network of a thousand knobs for the rate (or what else the law says), and a start at the first measurement; both see
 * numbers in the units that come with the series.
 *
 * @throws `data.law` when the law cannot be that of the series
 */
export function growthModel(
  known: ScaledSeries,
  dtype: "float32" | "float64",
  { law = "network", members }: { readonly law?: Law; readonly members?: number } = {},
): Growth {
  const first = firstOf(known);
  const lead = members === undefined ? [] : [members];
  const rate = rateLayer(known.series, { law, dtype, members });
  const seen = parameter([...lead, first.length], () => (i) => first[i % first.length], { name: "start", dtype });
  // Hidden states begin at 0, as nothing is known of them.
  const start = law === "augmented" ? concat([seen, full([...lead, hiddenStates], 0, dtype)], -1) : seen;
  return { rate, start };
}

const firstOf = ({ series, units }: ScaledSeries) => series.states.map(({ values }, i) => values[0] / units.states[i]);

/**
 * Puts the model where a fit to these rows may begin: at their first measurement, in their units, and, where its law has knobs
 * that a guess is made of, at that guess.
 */
export function startAt({ rate, start }: Growth, known: ScaledSeries): void {
  const first = firstOf(known);
  for (const seen of Object.values(nn.weightsOf(start))) {
    seen.write(Array.from({ length: seen.size }, (_, i) => first[i % first.length]));
  }
  startLaw(rate, known);
}

export const membersOf = ({ start }: Growth) => (start.rank === 2 ? start.shape[0] : undefined);

/** The path minus the measurements, [times, states] or [times, members, states], in their units. */
export function growthErrors(model: Growth, known: ScaledSeries): Tensor {
  return solvePath(model, known.units, known.series.time.values).sub(measured(model, known));
}

/** Measurements in their units, [times, states], or [times, 1, states] for an ensemble. */
export function measured({ start }: Growth, { series, units }: ScaledSeries): Tensor {
  const { time, states } = series;
  const rows = time.values.map((_, row) => states.map(({ values }, i) => values[row] / units.states[i]));
  const values = tensor(rows, { dtype: start.dtype });
  return start.rank === 2 ? values.unsqueeze(1) : values;
}

/**
 * Two steps from row to row: short enough for the measurements, and a training step takes the same time each, less than with
 * steps as long as an error of 1e-3 or 1e-4 allows.
 */
const trained: ode.SolveOptions = { method: ode.rk4, substeps: 2 };

/** The measured states along the path, [times, states] or [times, members, states], in these units. */
export function solvePath(model: Growth, units: Units, times: readonly number[], how = trained): Tensor {
  return solveStates(model, units, times, how).slice(0, units.states.length, -1);
}

/** The same with the hidden states. */
export function solveStates(
  { rate, start }: Growth,
  { origin, time }: Units,
  times: readonly number[],
  how: ode.SolveOptions = trained,
): Tensor {
  const since = times.map((t) => (t - origin) / time);
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
  units: Units,
  times: readonly number[],
): Promise<Paths> {
  const first = units.origin;
  const before = times.find((t) => t < first);
  if (before !== undefined) {
    throw new PondusError("predict.input", `predict: ${before} lies before ${first}, where the path begins.`);
  }
  const grid = [...new Set([first, ...times])].sort((a, b) => a - b);
  const { path } = await evaluate({ path: solvePath(model, units, grid, exactly(model)) });
  const { states } = units;
  const members = membersOf(model) ?? 1;
  const row = new Map(grid.map((t, i) => [t, i]));
  return Array.from({ length: members }, (_, m) =>
    states.map((unit, i) =>
      times.map((t) => path.data[((row.get(t) as number) * members + m) * states.length + i] * unit),
    ),
  );
}
