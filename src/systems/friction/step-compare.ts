import type { Metrics } from "../../experiment/metrics.ts";
import type { Outcome } from "../../experiment/system.ts";
import type { Evolution } from "../../laws/friction/index.ts";
import * as nn from "../../nn/index.ts";
import * as optim from "../../optim/index.ts";
import type { Learner } from "./learner.ts";
import { counted, type Record, type Runs, rootMeanSquare, samplesOf, scalesOf } from "./motion.ts";
import { learnedForces, type Memory } from "./networks.ts";
import { fitStep, type StepFit } from "./step-fit.ts";
import type { VelocityStep } from "./velocity-step.ts";

/** The network learns means of so many groups of neighbouring rows; between them its curve is straight. */
const means = 600;

/** Fits rate-and-state friction by both laws to a velocity step, and a network with memory beside them. */
export async function learnStep(
  session: Learner,
  network: Memory,
  step: VelocityStep,
): Promise<Omit<Outcome, "samples">> {
  const laws: { readonly [E in Evolution]: StepFit } = {
    aging: await fitStep(session, step, "aging"),
    slip: await fitStep(session, step, "slip"),
  };
  const learned = await learnCurve(session, network, { ...step, at: laws.aging.at });
  const rows = Object.entries(laws).map(([name, fit]): [string, Metrics] => [
    `${name} law`,
    { ...fit.estimates, rms: fit.rms, knobs: 7, at: fit.at, correlation: fit.correlation },
  ]);
  const { time, displacement, friction } = step.names;
  const shown = shownRows(step);
  const pick = (values: readonly number[]) => shown.map((i) => values[i]);
  return {
    metrics: {
      velocities: { before: step.velocities[0], after: step.velocities[1] },
      rows: step.time.length,
      laws: {
        ...Object.fromEntries(rows),
        "neural ODE": { rms: learned.rms, knobs: learned.knobs },
      },
    },
    tables: [
      {
        title: `Rate-and-state friction, way by ${displacement}; ± one standard error, correlated noise included`,
        of: "laws",
        heading: "law",
        columns: {
          a: "a",
          b: "b",
          difference: "a - b",
          Dc: "Dc",
          k: "stiffness",
          mu0: "mu0",
          rms: "rms",
          knobs: "knobs",
        },
      },
    ],
    plots: [
      {
        title: "The velocity step",
        x: { label: time },
        y: { label: friction },
        series: [
          { name: "measured", kind: "dots", x: pick(step.time), y: pick(step.friction) },
          { name: "aging law", kind: "line", x: pick(step.time), y: pick(laws.aging.curve) },
          { name: "slip law", kind: "line", x: pick(step.time), y: pick(laws.slip.curve) },
          { name: "neural ODE", kind: "line", x: pick(step.time), y: pick(learned.curve) },
        ],
      },
    ],
  };
}

/** Rows around the step: a tenth of the time on either side, every other row if they are many. */
function shownRows({ time, at }: VelocityStep): number[] {
  const width = (time[time.length - 1] - time[0]) / 15;
  const near = time.flatMap((t, i) => (t > at - width / 2 && t < at + width ? [i] : []));
  const every = Math.ceil(near.length / 500);
  return near.filter((_, i) => i % every === 0);
}

/** A neural ODE that knows the velocity of the load, and learns what friction makes of it. */
async function learnCurve(session: Learner, network: Memory, { time, friction, velocities, at }: VelocityStep) {
  const [before, after] = velocities;
  const level = friction.reduce((sum, mu) => sum + mu, 0) / friction.length;
  const velocity = time.map((t) => (t < at ? before : after));
  const record: Record = { time, velocity, force: friction.map((mu) => mu - level) };
  const every = Math.ceil(time.length / means);
  const groups = Array.from({ length: Math.floor(time.length / every) }, (_, i) => i * every);
  const mean = (values: ArrayLike<number>) =>
    groups.map(
      (first) => Array.from({ length: every }, (_, k) => values[first + k]).reduce((s, x) => s + x, 0) / every,
    );
  const coarse: Runs = {
    records: [{ time: mean(record.time), velocity: mean(record.velocity), force: mean(record.force) }],
    from: 0,
  };
  const scales = scalesOf(coarse);
  const learned = samplesOf(coarse, "float32");
  const steps = Math.ceil(session.steps / 4);
  const { knobs } = await session.fit("network", {
    loss: nn.mse(
      counted(learnedForces.state(network, learned, scales), learned).div(scales.force),
      learned.force.div(scales.force),
    ),
    optimizer: optim.adam({
      learningRate: optim.schedules.cosine({ initial: session.learningRate, steps }),
      clip: optim.clipByGlobalNorm(0.1),
    }),
    steps,
    observations: groups.length,
  });
  const { curve } = await session.evaluate({ curve: learnedForces.state(network, learned, scales) });
  const found = between(
    coarse.records[0].time,
    Array.from(curve.data, (mu) => mu + level),
    time,
  );
  return { knobs, curve: found, rms: rootMeanSquare(found.map((mu, i) => mu - friction[i])) };
}

/** y(x) at rising places, straight between the points, and beyond them as at the last. */
function between(x: ArrayLike<number>, y: readonly number[], places: readonly number[]): number[] {
  let after = 1;
  return places.map((at) => {
    while (after < x.length - 1 && x[after] < at) after++;
    const part = (at - x[after - 1]) / (x[after] - x[after - 1]);
    return y[after - 1] + Math.min(1, Math.max(0, part)) * (y[after] - y[after - 1]);
  });
}
