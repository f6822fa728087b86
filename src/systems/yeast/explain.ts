import { type ScaledSeries, scaled } from "../../experiment/data/scaled-series.ts";
import type { TimeSeries } from "../../experiment/data/time-series.ts";
import { evenly } from "../../experiment/report/plot.ts";
import { meanOf } from "../../experiment/spread.ts";
import type { Trained } from "../../experiment/system.ts";
import type { Explainable } from "../../explain/explainable.ts";
import * as nn from "../../nn/index.ts";
import { tensor } from "../../tensor/functions.ts";
import { memberOf } from "./ensemble.ts";
import { exactly, type Growth, growthErrors, growthModel, membersOf, solveStates } from "./growth-model.ts";
import type { Law } from "./laws.ts";

/** Samples along the path. */
const samples = 361;

/**
 * What there is to explain: the network on the states that it sees along the learned path, and the learned rate there, evenly
 * spaced in time and in the data's own units. Of an ensemble the network is the first member, and the rate that of the mean
 * path, which is the mean of the rates.
 */
export async function explainGrowth({
  model,
  data,
  metrics,
  law,
  evaluate,
}: Trained<Growth, TimeSeries>): Promise<Explainable> {
  const members = membersOf(model);
  const known = scaled(data);
  const { units } = known;
  const width = model.start.shape[model.start.rank - 1];
  const n = data.states.length;
  const values = data.time.values;
  const times = evenly(values[0], values[values.length - 1], samples);
  const states = solveStates(model, units, times, exactly(model));
  // Of an ensemble times stand first, and members come first in its network.
  const rates = model.rate(members === undefined ? states : states.permute([1, 0, 2]));
  const path = await evaluate({ states, rates: members === undefined ? rates : rates.permute([1, 0, 2]) });
  const count = members ?? 1;
  const averaged = (x: ArrayLike<number>, t: number, i: number) =>
    meanOf(Array.from({ length: count }, (_, m) => x[(t * count + m) * width + i]));
  const series = (x: ArrayLike<number>, unit: (i: number) => number) =>
    data.states.map((_, i) => times.map((_, t) => averaged(x, t, i) * unit(i)));
  const seen = series(path.states.data, (i) => units.states[i]);
  const one = members === undefined ? model : memberModel(model, known, law as Law);
  const inputs = times.flatMap((_, t) =>
    Array.from({ length: width }, (_, i) => path.states.data[t * count * width + i]),
  );
  const names = data.states.map(({ name }) => name);
  const hidden = Array.from({ length: width - n }, (_, i) => `hidden ${i + 1}`);
  const network = networkIn(one.rate);
  const given = tensor(inputs, { dtype: model.start.dtype }).reshape([-1, width]);
  const about = [
    ...(members === undefined ? [] : [`The first of ${members} networks; the law is read off the mean path of all.`]),
    ...(hidden.length > 0
      ? [`The rate depends on ${hidden.length} hidden states too, of which the law knows nothing.`]
      : []),
    ...(network === one.rate ? [] : ["The network that stands beside a known law; the law is read off both together."]),
  ].join(" ");
  return {
    network,
    inputs: given,
    ...(about && { about }),
    inputNames: [...names, ...hidden],
    outputNames: [...names, ...hidden].map((name) => `rate of ${name}`),
    residuals: growthErrors(one, known),
    rates: {
      time: data.time.name,
      states: names.map((name, i) => ({ name, values: seen[i] })),
      rates: series(path.rates.data, (i) => units.states[i] / units.time),
      ...referenceIn(metrics),
    },
    ...(members !== undefined && { ensemble: await ensembleOf(model, members, given, evaluate) }),
  };
}

/** The knobs of the logistic law that was fitted beside. */
function referenceIn({ logistic }: Trained["metrics"]) {
  if (typeof logistic !== "object") return {};
  const { r, K } = logistic;
  return typeof r === "number" && typeof K === "number" ? { reference: { r, K } } : {};
}

/** The part of a rate that is a network: a law that knows something has it inside. */
function networkIn(rate: nn.Layer): nn.Layer {
  return rate.children.network ?? rate;
}

/** The first member as a model by itself. */
function memberModel(model: Growth, known: ScaledSeries, law: Law): Growth {
  const members = membersOf(model) as number;
  const one = growthModel(known, model.start.dtype as "float32" | "float64", { law });
  const all = Object.values(nn.weightsOf(model));
  for (const [i, weight] of Object.values(nn.weightsOf(one)).entries()) {
    weight.write(memberOf(all[i].read(), members, 0));
  }
  return one;
}

/** Every member's knobs, and what its network makes of the same inputs. */
async function ensembleOf(
  model: Growth,
  members: number,
  inputs: ReturnType<typeof tensor>,
  evaluate: Trained["evaluate"],
): Promise<NonNullable<Explainable["ensemble"]>> {
  const network = networkIn(model.rate);
  const { outputs } = await evaluate({ outputs: network(inputs.unsqueeze(0).expand([members, ...inputs.shape])) });
  const knobs = Object.values(nn.weightsOf(network)).map((weight) => weight.read());
  const each = Array.from({ length: members }, (_, m) => m);
  return {
    members,
    weights: each.map((m) => Float64Array.from(knobs.flatMap((all) => memberOf(all, members, m)))),
    outputs: each.map((m) => Float64Array.from(memberOf(outputs.data, members, m))),
  };
}
