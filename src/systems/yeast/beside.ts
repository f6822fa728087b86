import type { ScaledSeries } from "../../experiment/data/scaled-series.ts";
import type { TimeSeries } from "../../experiment/data/time-series.ts";
import type { Metrics } from "../../experiment/metrics.ts";
import { spreadOf } from "../../experiment/spread.ts";
import type { Sample, Session } from "../../experiment/system.ts";
import { weightOf } from "../../tensor/parameter.ts";
import { memberOf } from "./ensemble.ts";
import { type Growth, growthErrors, growthModel, membersOf, pathsAt, startAt } from "./growth-model.ts";
import { knownLaw } from "./laws.ts";
import { fitLogisticLaw, type LogisticLaw } from "./logistic-law.ts";

/** The known law that was fitted beside the network, by least squares. */
export interface Beside {
  /** What its metrics are called. */
  readonly key: "logistic" | "lotkaVolterra";
  readonly title: string;
  /** Its knobs, in the data's own units. */
  readonly knobs: Metrics;
  /** For each state, one value to a time. */
  at(times: readonly number[]): Promise<readonly (readonly number[])[]>;
  readonly logistic?: LogisticLaw;
}

/** Fits the law that is known of such a series, if there is one. */
export async function fitBeside(
  session: Pick<Session, "leastSquares" | "evaluate">,
  name: string,
  rows: ScaledSeries,
): Promise<Beside | undefined> {
  const { series, units } = rows;
  const known = knownLaw(series);
  if (known === "logistic") {
    const law = await fitLogisticLaw(session, `${name}-logistic`, series.time.values, series.states[0].values);
    const { r, K, N0 } = law;
    const at = async (times: readonly number[]) => [law.at(times)];
    return { key: "logistic", title: "logistic law", knobs: { r, K, N0 }, at, logistic: law };
  }
  if (known === undefined) return undefined;
  const model = growthModel(rows, "float64", { law: known });
  startAt(model, rows);
  await session.leastSquares(`${name}-lotka-volterra`, { residuals: growthErrors(model, rows), steps: 200 });
  return {
    key: "lotkaVolterra",
    title: "Lotka-Volterra",
    knobs: knobsOf(model, rows),
    at: async (times) => (await pathsAt(session.evaluate, model, units, times))[0],
  };
}

/** Why no known law stands beside the network, where one might be looked for. */
export function besideNothing({ states }: TimeSeries): Sample[] {
  const [law, wants] =
    states.length === 1
      ? ["logistic law", "none of it negative, some above 0"]
      : ["law of Lotka and Volterra", "all of it above 0"];
  if (states.length > 2) return [];
  const odd = states.map(({ name, values }) => `${name} goes down to ${Math.min(...values)}`).join(", ");
  return [{ title: "No law beside it", text: `The ${law} wants numbers of living things, ${wants}; ${odd}.` }];
}

/**
 * The knobs of the known law that a rate holds, in the units of the series: r, K and N0, or for each of two states its growth,
 * its interaction and its start. Of an ensemble each is a group of mean and spread. Empty where no law is known.
 */
export function knobsOf({ rate, start }: Growth, { series, units }: ScaledSeries): Metrics {
  const members = membersOf({ rate, start }) ?? 1;
  const value = (x: typeof start, i: number, unit: number): number | { mean: number; spread: number } => {
    const all = weightOf(x)?.read() ?? [];
    const each = Array.from({ length: members }, (_, m) => memberOf(all, members, m)[i] * unit);
    return members === 1 ? each[0] : spreadOf(each);
  };
  const { r, K, growth, interaction } = rate.parameters;
  if (r && K) {
    return { r: value(r, 0, 1 / units.time), K: value(K, 0, units.states[0]), N0: value(start, 0, units.states[0]) };
  }
  if (!growth || !interaction) return {};
  const of = (i: number): Metrics => ({
    growth: value(growth, i, 1 / units.time),
    interaction: value(interaction, i, 1 / (units.time * units.states[1 - i])),
    start: value(start, i, units.states[i]),
  });
  return Object.fromEntries(series.states.map(({ name }, i) => [name, of(i)]));
}
