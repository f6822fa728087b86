import { scaled } from "../experiment/data/scaled-series.ts";
import { rootMeanSquare, type TimeSeries } from "../experiment/data/time-series.ts";
import type { Metrics } from "../experiment/metrics.ts";
import type { Chosen, OptimizerName } from "../experiment/run-settings.ts";
import { defineSystem, type Session } from "../experiment/system.ts";
import { PondusError } from "../graph/errors.ts";
import * as optim from "../optim/index.ts";
import { besideNothing, knobsOf } from "./yeast/beside.ts";
import { bandOf } from "./yeast/ensemble.ts";
import { explainGrowth } from "./yeast/explain.ts";
import { type Growth, growthModel, membersOf, pathsAt } from "./yeast/growth-model.ts";
import { hiddenStates, isClassical, type Law, laws } from "./yeast/laws.ts";
import { type Learned, learn, memberMetrics, unseenErrors } from "./yeast/learn.ts";
import { logisticLaw } from "./yeast/logistic-law.ts";
import { plotLaws, plotPaths, plotPhases } from "./yeast/plots.ts";
import { carlson, knownRows, readGrowth } from "./yeast/series.ts";

export { type Growth, growthErrors, growthModel } from "./yeast/growth-model.ts";
export { carlson } from "./yeast/series.ts";

/** With fewer rows there is none between the first and the last that could be held out. */
const fewest = 5;

/**
 * A neural ODE of a thousand knobs learns how fast yeast grows, beside the logistic law, which has three; or two states, beside
 * the law of Lotka and Volterra.
 */
export default defineSystem({
  name: "yeast",
  title: "Yeast in a fermenter",
  summary: "A neural ODE dN/dt = NN(N) learns from Carlson's 19 measurements of 1913, beside the logistic law.",
  data: carlson,
  read: readGrowth,
  settings: { learningRate: 7e-3 },
  optimizers: {
    adam: { steps: 15_000 },
    lbfgs: { steps: 3000 },
    newton: { steps: 400 },
    natural: { steps: 200 },
    lm: { steps: 60 },
  },
  laws,
  // What members disagree on shows long before the last digits of each.
  ensemble: { steps: 4000 },

  model: growth,

  network: (model) => {
    const { rate, start } = model;
    const members = membersOf(model);
    if (members === undefined) return { input: rate.takes, apply: rate };
    // Members come first, and a batch before them.
    return { input: start.shape, apply: (x) => rate(x.permute([1, 0, 2])) };
  },

  async train(session) {
    const { data } = session;
    const law = session.law as Law;
    const all = data.time.values.map((_, row) => row);
    const known = knownRows(data);
    // First on the early part alone, to see how far either law carries beyond it: a forecast is blind, so the later points
    // are only looked at. Then without every fourth point, to see what it makes of the places between. Then on everything.
    const early = { train: all.slice(0, known), validation: all.slice(known), blind: true };
    const forecast = await learn(session, "forecast", early);
    session.restart();
    const between = all.length > fewest && optim.holdOut(all, { every: 4 });
    const heldOut = between && (await learn(session, "held-out", between));
    session.restart();
    const learned = await learn(session, "growth", { train: all, validation: [] });
    const { beside } = learned;
    return {
      metrics: {
        rmse: rootMeanSquare(data, learned.point.mean),
        ...(beside?.logistic && { monotone: isMonotone(learned.band.mean[0]) }),
        ...(beside && {
          [beside.key]: { rmse: rootMeanSquare(data, await beside.at(data.time.values)), ...beside.knobs },
        }),
        ...lawMetrics(session, law),
        forecast: { from: data.time.values[known], ...(await unseenErrors(data, forecast)) },
        ...(heldOut && { heldOut: { points: heldOut.validation.length, ...(await unseenErrors(data, heldOut)) } }),
        ...ensembleMetrics(data, { learned, forecast, heldOut }),
      },
      samples: beside ? [] : besideNothing(data),
      plots: [
        await plotPaths("Growth", data, learned, law),
        await plotPaths(`The same from the first ${known} points alone`, data, forecast, law),
        ...(data.states.length === 2 ? [await plotPhases(data, learned, law)] : []),
        ...(beside?.logistic && law !== "augmented" ? [await plotLaws(session, learned, law)] : []),
      ],
    };
  },

  async predict({ model, data, metrics, evaluate }, inputs) {
    const times = inputs.flat();
    const { mean, low, high } = bandOf(await pathsAt(evaluate, model, scaled(data).units, times));
    const law = metrics.logistic as Record<"r" | "K" | "N0", number> | undefined;
    const columns = data.states.map(({ name }, i) => ({
      [name]: mean[i],
      ...(membersOf(model) !== undefined && { [`${name}, 10 %`]: low[i], [`${name}, 90 %`]: high[i] }),
    }));
    return {
      [data.time.name]: times,
      ...Object.assign({}, ...columns),
      ...(law && { logistic: logisticLaw(law.r, law.K, law.N0, data.time.values[0]).at(times) }),
    };
  },

  explain: explainGrowth,
});

/** Adam trains in float32; what follows curvature wants float64. */
function growth(data: TimeSeries, optimizer?: OptimizerName, chosen: Chosen = {}): Growth {
  const law = (chosen.law ?? "network") as Law;
  const members = chosen.ensemble;
  if (members !== undefined && isClassical(law)) {
    const why = `the law alone has no network to draw ${members} of`;
    throw new PondusError("train.ensemble", `--ensemble: ${why}; choose --law network, hybrid or augmented.`);
  }
  if (members !== undefined && optimizer !== "adam") {
    const why = `${optimizer} would take one step for all members, and each is to train as if it were alone`;
    throw new PondusError("train.ensemble", `--ensemble: ${why}; leave --optimizer out, as adam does not mind.`);
  }
  return growthModel(scaled(data), optimizer === "adam" ? "float32" : "float64", { law, members });
}

/** What the chosen law has beside a network: its own knobs, or states that are not measured. */
function lawMetrics({ model, data }: Session<Growth, TimeSeries>, law: Law): Metrics {
  if (law === "network") return {};
  if (law === "augmented") return { augmented: { hidden: hiddenStates } };
  return { [isClassical(law) ? "solved" : law]: knobsOf(model, scaled(data)) };
}

/** What the members say apart. */
function ensembleMetrics(
  data: TimeSeries,
  { learned, forecast, heldOut }: { learned: Learned; forecast: Learned; heldOut: Learned | false },
): Metrics {
  const members = learned.points.length;
  if (members === 1) return {};
  return {
    ensemble: {
      members,
      ...memberMetrics(data, learned),
      forecast: memberMetrics(data, forecast),
      ...(heldOut && { heldOut: memberMetrics(data, heldOut) }),
    },
  };
}

function isMonotone(values: readonly number[]): boolean {
  const rises = values.slice(1).map((y, i) => y > values[i]);
  return rises.every((up) => up === rises[0]);
}
