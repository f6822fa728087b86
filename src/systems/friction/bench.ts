import { evenly } from "../../experiment/report/plot.ts";
import type { Trained } from "../../experiment/system.ts";
import { Stream } from "../../graph/random/stream.ts";
import { forcesAlong, lugre, type StateLaw, slippingSprings } from "../../laws/friction/index.ts";
import type { NumberArray } from "../../runtime/array.ts";
import { arange, tensor, zeros } from "../../tensor/functions.ts";
import { normal } from "../../tensor/random/index.ts";
import { keyFor } from "../../tensor/random/key.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Experiment, type Runs, rootMeanSquare } from "./motion.ts";

const float64 = { dtype: "float64" } as const;

/**
 * The knobs of the bench that there is not: a slide that is pulled to and fro, and whose friction is LuGre's and that of two
 * springs with blocks that slip. Lengths in mm, forces in N, times in s.
 */
export const truth = {
  lugre: { coulomb: 2, breakaway: 3, velocity: 2, viscous: 0.05, stiffness: 20, damping: 0.05 },
  springs: { stiffness: [10, 2], limit: [0.8, 0.6] },
} as const;

/** Samples in a second. */
export const sampling = 200;

/** Root mean square of the noise on a measured force, N; velocities are known. */
export const noise = 0.05;

/**
 * Runs of a motion, all of which begin at rest and with nothing strained. In each,
 * v(t) = (1 - exp(-t / 0.05 s)) 10^(level + depth sin(2 pi t / period)) sum a_i sin(2 pi f_i t + phase_i), mm/s.
 */
export interface Motion {
  readonly seconds: number;
  /** Of each run. */
  readonly levels: readonly number[];
  readonly depth: number;
  readonly period: number;
  readonly amplitudes: readonly number[];
  /** Hz, the lowest and the highest: each run draws its own between them. */
  readonly frequencies: readonly [number, number];
  /** Of frequencies, phases and noise. */
  readonly seed: number;
}

/** What is learned from, and a motion of other amplitudes and frequencies, ten times as long and of varying strength. */
export const motions: Readonly<Record<"training" | "unseen", Motion>> = {
  training: {
    seconds: 2,
    levels: evenly(-1.3, 0, 96),
    depth: 0.4,
    period: 1.7,
    amplitudes: [6, 5, 4],
    frequencies: [0.4, 5],
    seed: 1995,
  },
  unseen: {
    seconds: 10,
    levels: [-0.5],
    depth: 0.5,
    period: 4.7,
    amplitudes: [7, 4, 3, 2],
    frequencies: [0.6, 4],
    seed: 1996,
  },
};

/** The law that the forces are simulated from. Its state is the bending of the bristle and the springs' two forces. */
export function trueLaw(): StateLaw {
  const { coulomb, breakaway, velocity, viscous, stiffness, damping } = truth.lugre;
  const x = (value: number) => tensor(value, float64);
  const bristle = lugre({
    coulomb: x(coulomb),
    breakaway: x(breakaway),
    velocity: x(velocity),
    viscous: x(viscous),
    stiffness: x(stiffness),
    damping: x(damping),
  });
  const springs = slippingSprings(
    tensor([...truth.springs.stiffness], float64),
    tensor([...truth.springs.limit], float64),
  );
  return besides(bristle, springs);
}

/** Two laws side by side: one motion, and forces that add. */
function besides(one: StateLaw, other: StateLaw): StateLaw {
  const parts = (state: Tensor) => [state.slice(0, one.states, -1), state.slice(one.states, undefined, -1)];
  const both = (a: Tensor, b: Tensor) => a.padAxis(0, other.states, -1).add(b.padAxis(one.states, 0, -1));
  return {
    states: one.states + other.states,
    rate: (state, v) => both(one.rate(parts(state)[0], v), other.rate(parts(state)[1], v)),
    force: (state, v) => one.force(parts(state)[0], v).add(other.force(parts(state)[1], v)),
    step: (state, v, h) => both(one.step(parts(state)[0], v, h), other.step(parts(state)[1], v, h)),
  };
}

/** Steps of the simulation between two samples. */
const fine = 20;

/** Simulates the runs of a motion: velocity, force without and with noise at every sample, [samples, runs]. */
export function simulate(motion: Motion) {
  const count = motion.seconds * sampling;
  const runs = motion.levels.length;
  const v = velocities(motion, arange((count - 1) * fine + 1, "float64").div(sampling * fine));
  const law = trueLaw();
  const step = tensor(1 / (sampling * fine), float64);
  const forces = forcesAlong(law, zeros([runs, law.states], "float64"), v, step);
  const sampled = (x: Tensor) =>
    x
      .padAxis(0, fine - 1, 0)
      .reshape([count, fine, runs])
      .at(0, 1);
  const force = sampled(forces);
  return {
    velocity: sampled(v),
    force,
    measured: normal(keyFor(motion.seed, "measurementNoise"), [count, runs], "float64").mul(noise).add(force),
  };
}

/** [samples, runs] at times [samples]. */
function velocities({ levels, depth, period, amplitudes, frequencies, seed }: Motion, t: Tensor): Tensor {
  const random = new Stream(seed, "simulation");
  const [low, high] = frequencies.map(Math.log);
  const drawn = (draw: (u: number) => number) =>
    tensor(
      levels.map(() => draw(random.uniform())),
      float64,
    );
  const time = t.unsqueeze(1);
  const waves = amplitudes.map((amplitude) => {
    const frequency = drawn((u) => 2 * Math.PI * Math.exp(low + (high - low) * u));
    const phase = drawn((u) => 2 * Math.PI * u);
    return time.mul(frequency).add(phase).sin().mul(amplitude);
  });
  const strength = time
    .mul((2 * Math.PI) / period)
    .sin()
    .mul(depth)
    .add(tensor([...levels], float64));
  const start = time.div(-0.05).expm1().neg();
  return waves
    .reduce((all, wave) => all.add(wave))
    .mul(strength.mul(Math.LN10).exp())
    .mul(start);
}

/** Both motions simulated, and the root mean square of the noise on each. */
export async function simulateBench(evaluate: Trained["evaluate"]) {
  const done = { training: await runsOf(evaluate, motions.training), unseen: await runsOf(evaluate, motions.unseen) };
  const experiment: Experiment = {
    training: done.training.runs,
    unseen: done.unseen.runs,
    symmetric: true,
    units: { time: "time (s)", velocity: "velocity (mm/s)", force: "force (N)" },
  };
  return { experiment, noise: done.unseen.noise };
}

async function runsOf(evaluate: Trained["evaluate"], motion: Motion): Promise<{ runs: Runs; noise: number }> {
  const { velocity, force, measured } = await evaluate(simulate(motion));
  const runs = motion.levels.length;
  const count = velocity.data.length / runs;
  const time = Array.from({ length: count }, (_, k) => k / sampling);
  const column = ({ data }: NumberArray, run: number) => time.map((_, k) => data[k * runs + run]);
  return {
    runs: {
      records: motion.levels.map((_, run) => ({ time, velocity: column(velocity, run), force: column(measured, run) })),
      from: 0,
    },
    noise: rootMeanSquare(Array.from(force.data, (f, i) => measured.data[i] - f)),
  };
}

/** How many numbers the true law has. */
export const trueKnobs = Object.keys(truth.lugre).length + 2 * truth.springs.limit.length;
