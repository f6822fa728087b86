import { coulomb, dahl, forcesAlong, lugre, maxwellSlip, type StateLaw, stribeck } from "../../laws/friction/index.ts";
import { full, stack, zeros } from "../../tensor/functions.ts";
import { parameter, parameterOf } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Learner } from "./learner.ts";
import { counted, type Runs, type Samples, type Scales, samplesOf } from "./motion.ts";

/** A law of few knobs: all above 0, a list where there are several of a kind. */
interface Law<K extends string = string> {
  /** Where a fit may begin, in the data's units; the best of them is taken. */
  readonly starts: readonly Readonly<Record<K, number | readonly number[]>>[];
  /** Of a list of knobs only their ratios count: so one of them means nothing, and they are said as parts of one. */
  readonly parts?: NoInfer<K>;
  forces(knobs: Readonly<Record<K, Tensor>>, samples: Samples): Tensor;
}

const law = <K extends string>(law: Law<K>) => law as Law;

export const lawNames = ["Coulomb", "Stribeck", "Dahl", "LuGre", "Maxwell-slip"] as const;
export type LawName = (typeof lawNames)[number];

/** Springs of the generalised Maxwell-slip law. */
const elements = 4;

/** The laws, with guesses at their knobs from the size of velocities and forces alone. */
function laws({ velocity, force, step }: Scales): Readonly<Record<LawName, Law>> {
  const sliding = { coulomb: force, viscous: (0.1 * force) / velocity };
  const surface = { ...sliding, breakaway: 1.2 * force, velocity: 0.5 * velocity };
  // A bristle gives way after as little as a sample's way, or as much as a hundred's.
  const ways = [1, 3, 10, 30, 100].map((samples) => samples * velocity * step);
  const along = (law: StateLaw, { v, h }: Samples) =>
    forcesAlong(law, zeros([...v.shape.slice(1), law.states], "float64"), v, h);
  return {
    Coulomb: law({ starts: [sliding], forces: (knobs, { v }) => coulomb(knobs)(v) }),
    Stribeck: law({ starts: [surface], forces: (knobs, { v }) => stribeck(knobs)(v) }),
    Dahl: law({
      starts: ways.map((way) => ({ ...sliding, stiffness: force / way })),
      forces: (knobs, samples) => along(dahl(knobs), samples),
    }),
    LuGre: law({
      starts: ways.map((way) => ({ ...surface, stiffness: force / way, damping: (0.01 * force) / velocity })),
      forces: (knobs, samples) => along(lugre(knobs), samples),
    }),
    "Maxwell-slip": law({
      starts: ways.map((way) => ({
        ...surface,
        stiffness: Array.from({ length: elements }, (_, i) => force / (way * elements * 3 ** (i - 1))),
        share: new Array<number>(elements).fill(1 / elements),
        attraction: force / (10 * step),
      })),
      parts: "share",
      forces: (knobs, samples) => along(maxwellSlip({ ...knobs, share: knobs.share.div(knobs.share.sum()) }), samples),
    }),
  };
}

/** A law with the knobs that fit. */
export interface FittedLaw {
  readonly knobs: number;
  /** Those that a fit took so far from any guess that the data do not determine them. */
  readonly adrift: readonly string[];
  readonly values: Readonly<Record<string, number | readonly number[]>>;
  forces(samples: Samples): Tensor;
}

/** Fits a law to runs by least squares. */
export async function fitLaw(session: Learner, name: LawName, training: Runs, scales: Scales): Promise<FittedLaw> {
  const { starts, forces, parts } = laws(scales)[name];
  const samples = samplesOf(training, "float64");
  const residuals = (knobs: Readonly<Record<string, Tensor>>) =>
    counted(forces(knobs, samples).sub(samples.force), samples).div(scales.force);
  const start =
    starts[
      await nearest(
        session,
        starts.map((start) => residuals(fixed(start))),
      )
    ];
  // Each is a multiple of its guess, and the logarithm of that is what is fitted: so it stays above 0.
  const logs = Object.entries(start).map(([knob, value]) => {
    const shape = typeof value === "number" ? [] : [value.length];
    return [knob, parameter(shape, 0, { name: knob, dtype: "float64" })] as const;
  });
  const free = Object.fromEntries(logs.map(([knob, log]) => [knob, log.exp().mul(fixed(start)[knob])]));
  await session.leastSquares(name, { residuals: residuals(free), steps: session.quick ? 20 : 200 });
  const values: Record<string, number | readonly number[]> = Object.fromEntries(
    logs.map(([knob, log]) => {
      const found = Array.from(parameterOf(log)?.read() as ArrayLike<number>, (l, i) => {
        const first = start[knob];
        return Math.exp(l) * (typeof first === "number" ? first : first[i]);
      });
      return [knob, typeof start[knob] === "number" ? found[0] : found];
    }),
  );
  if (parts !== undefined) {
    const all = values[parts] as readonly number[];
    const sum = all.reduce((total, x) => total + x, 0);
    values[parts] = all.map((x) => x / sum);
  }
  const knobs = logs.reduce((sum, [, log]) => sum + log.size, 0) - (parts === undefined ? 0 : 1);
  const isAdrift = (value: number, guess: number) => value / guess > far || (value / guess < 1 / far && value !== 0);
  const adrift = Object.keys(start).filter((knob) => {
    const [found, guess] = [values[knob], start[knob]].map((x) => (typeof x === "number" ? [x] : x));
    return knob !== parts && found.some((value, i) => isAdrift(value, guess[i]));
  });
  return { knobs, values, adrift, forces: (samples) => forces(fixed(values), samples) };
}

/** A knob this many times its guess, or this part of it, went wherever the fit drifted. */
const far = 1e4;

function fixed(values: Readonly<Record<string, number | readonly number[]>>): Record<string, Tensor> {
  const tensorOf = (value: number | readonly number[]) =>
    typeof value === "number" ? full([], value, "float64") : stack(value.map((v) => full([], v, "float64")));
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tensorOf(value)]));
}

/** Which of several residuals are the smallest. */
async function nearest(session: Learner, residuals: readonly Tensor[]): Promise<number> {
  if (residuals.length === 1) return 0;
  const { losses } = await session.evaluate({ losses: stack(residuals.map((r) => r.square().mean())) });
  const found = Array.from(losses.data);
  return Math.max(0, found.indexOf(Math.min(...found.filter(Number.isFinite))));
}
