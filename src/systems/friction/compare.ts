import type { Metrics } from "../../experiment/metrics.ts";
import type { Outcome, Sample } from "../../experiment/system.ts";
import { forcesAlong, type StateLaw } from "../../laws/friction/index.ts";
import * as nn from "../../nn/index.ts";
import * as optim from "../../optim/index.ts";
import { full, zeros } from "../../tensor/functions.ts";
import { parameterOf } from "../../tensor/parameter.ts";
import { bernoulli, foldIn, integers } from "../../tensor/random/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type FittedLaw, fitLaw, type LawName, lawNames } from "./classical.ts";
import { plotLoops, plotMotion } from "./figures.ts";
import type { Learner } from "./learner.ts";
import {
  counted,
  type Experiment,
  type Runs,
  rootMeanSquare,
  type Samples,
  type Scales,
  samplesOf,
  scalesOf,
} from "./motion.ts";
import { learnedForces, lugreKnobs, type Networks } from "./networks.ts";

/** Runs that a step of training looks at. */
const batch = 16;

/** What each network is called in tables. */
export const titles: Readonly<Record<keyof Networks, string>> = {
  static: "NN(v)",
  state: "neural ODE",
  structured: "bristles by NN",
  hybrid: "LuGre + NN",
};

/** The law that simulated the data. */
export interface Truth {
  readonly law: StateLaw;
  readonly knobs: number;
  /** Root mean square of the noise on the forces of the unseen motion. */
  readonly noise: number;
}

/** Fits every law to a motion, and judges all of them on another. */
export async function learnMotion(
  session: Learner,
  networks: Networks,
  experiment: Experiment,
  truth?: Truth,
): Promise<Outcome> {
  const { training, unseen } = experiment;
  const scales = scalesOf(training);
  const fitted: Partial<Record<LawName, FittedLaw>> = {};
  // A few knobs are found by a few of the runs as well, but for their last digits.
  const some = session.quick ? { ...training, records: training.records.filter((_, i) => i % 4 === 0) } : training;
  for (const name of lawNames) fitted[name] = await fitLaw(session, name, some, scales);
  const laws = fitted as Record<LawName, FittedLaw>;
  const { values } = laws.LuGre;
  // A fit may find that a knob is as good as nothing; its logarithm is to be finite.
  const logs = lugreKnobs.map((name) => Math.log(Math.max(values[name] as number, 1e-30)));
  parameterOf(networks.hybrid.knobs)?.write(logs);

  const forces = learned(networks, scales);
  const knobs: Record<string, number> = {};
  for (const name of Object.keys(titles) as (keyof Networks)[]) {
    const result = await trainNetwork(session, name, forces[name], experiment, scales);
    knobs[titles[name]] = result.knobs;
  }

  const candidates: Record<string, Candidate> = {};
  for (const name of lawNames) candidates[name] = { ...laws[name], dtype: "float64" };
  for (const name of Object.keys(titles) as (keyof Networks)[]) {
    candidates[titles[name]] = { knobs: knobs[titles[name]], dtype: "float32", forces: forces[name] };
  }
  if (truth) {
    candidates["the true law"] = {
      knobs: truth.knobs,
      dtype: "float64",
      forces: ({ v, h }) => forcesAlong(truth.law, zeros([...v.shape.slice(1), truth.law.states], "float64"), v, h),
    };
  }
  const judged = {
    training: await judge(session, candidates, training),
    unseen: await judge(session, candidates, unseen),
  };
  const of = (which: "training" | "unseen", name: string) => judged[which].errors[name];
  const stribeck = of("unseen", "Stribeck");
  const rows = Object.entries(candidates).map(([name, { knobs }]): [string, Metrics] => [
    name,
    {
      knobs,
      training: of("training", name),
      unseen: of("unseen", name),
      gain: stribeck / of("unseen", name),
      ...(truth && { overNoise: of("unseen", name) / truth.noise }),
    },
  ]);
  const { force } = experiment.units;
  return {
    metrics: {
      simulated: truth !== undefined,
      ...(truth && { noise: truth.noise }),
      laws: Object.fromEntries(rows),
      fitted: Object.fromEntries(lawNames.map((name) => [name, named(laws[name].values)])),
      scales,
    },
    samples: notDetermined(laws),
    tables: [
      {
        title: `Force, ${force}: root mean square of the error, ${truth ? "simulated bench" : "measured"}`,
        of: "laws",
        heading: "law",
        columns: {
          knobs: "knobs",
          training: "seen",
          unseen: "unseen",
          gain: "Stribeck's over it",
          ...(truth && { overNoise: "over the noise" }),
        },
      },
    ],
    plots: [
      plotMotion(experiment, judged.unseen.forces, truth !== undefined),
      plotLoops(experiment, judged.unseen.forces, truth !== undefined),
    ],
  };
}

/** What the data say nothing of. */
function notDetermined(laws: Readonly<Record<LawName, FittedLaw>>): Sample[] {
  const lines = lawNames.flatMap((name) =>
    laws[name].adrift.length > 0 ? [`${name}: ${laws[name].adrift.join(", ")}`] : [],
  );
  if (lines.length === 0) return [];
  return [{ title: "Knobs that the data do not determine: the fit ran off with them", text: lines.join("\n") }];
}

/** A law as it stands after its fit. */
interface Candidate {
  readonly knobs: number;
  readonly dtype: "float32" | "float64";
  forces(samples: Samples): Tensor;
}

/** The forces of the networks with their present weights. */
function learned(networks: Networks, scales: Scales): Readonly<Record<keyof Networks, Candidate["forces"]>> {
  return {
    static: (samples) => learnedForces.static(networks.static, samples, scales),
    state: (samples) => learnedForces.state(networks.state, samples, scales),
    structured: (samples) => learnedForces.structured(networks.structured, samples, scales),
    hybrid: (samples) => learnedForces.hybrid(networks.hybrid, samples, scales),
  };
}

async function trainNetwork(
  session: Learner,
  name: keyof Networks,
  forces: Candidate["forces"],
  { training, unseen, symmetric }: Experiment,
  scales: Scales,
) {
  const all = samplesOf(training, "float32");
  const other = samplesOf(unseen, "float32");
  const loss = (samples: Samples) =>
    nn.mse(counted(forces(samples), samples).div(scales.force), counted(samples.force, samples).div(scales.force));
  // A curve over velocities alone is soon found.
  const steps = Math.ceil(name === "static" ? session.steps / 4 : session.steps);
  return session.fit(name, {
    loss: ({ key }) => loss(drawn(all, key, symmetric)),
    // Looked at, and nothing is chosen by it.
    validation: { loss: loss(other), train: loss(all), patience: Number.POSITIVE_INFINITY },
    optimizer: optim.adam({
      learningRate: optim.schedules.cosine({ initial: session.learningRate, steps }),
      clip: optim.clipByGlobalNorm(0.1),
    }),
    steps,
    observations: counted(all.force, all).size,
    recordEvery: Math.ceil(steps / 40),
  });
}

/** Some of the runs; where friction has no direction of its own, half of them with both signs reversed. */
function drawn({ v, h, force, from }: Samples, key: Tensor, symmetric: boolean): Samples {
  const runs = v.shape[1];
  const some = Math.min(batch, runs);
  const places = integers(foldIn(key, 1), [some], runs);
  const reversed = (x: Tensor) => {
    const picked = runs > batch ? x.gather(places, 1) : x;
    if (!symmetric) return picked;
    return picked.mul(bernoulli(foldIn(key, 2), [some], 0.5).where(full([some], -1), 1));
  };
  return { v: reversed(v), h: runs > batch ? h.gather(places, 1) : h, force: reversed(force), from };
}

/** Every candidate's forces on runs, and how far they are from what was measured. */
async function judge(session: Learner, candidates: Readonly<Record<string, Candidate>>, runs: Runs) {
  const samples = { float32: samplesOf(runs, "float32"), float64: samplesOf(runs, "float64") };
  const found = await session.evaluate(
    Object.fromEntries(
      Object.entries(candidates).map(([name, { dtype, forces }]) => [name, counted(forces(samples[dtype]), runs)]),
    ),
  );
  // [samples, runs] row by row, as the measured ones are put here.
  const count = runs.records[0].time.length;
  const measured = Array.from({ length: count - runs.from }, (_, k) =>
    runs.records.map(({ force }) => force[runs.from + k]),
  ).flat();
  const forces = Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, Array.from(data)]));
  const errors = Object.fromEntries(
    Object.entries(forces).map(([name, data]) => [name, rootMeanSquare(data.map((f, i) => f - measured[i]))]),
  );
  return { forces, errors };
}

/** Knobs as metrics: lists by their places. */
function named(values: FittedLaw["values"]): Metrics {
  return Object.fromEntries(
    Object.entries(values).map(([knob, value]) => [
      knob,
      typeof value === "number" ? value : Object.fromEntries(value.map((v, i) => [String(i + 1), v])),
    ]),
  );
}
