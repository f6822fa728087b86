import { type Evolution, sliderFriction, springSlider } from "../../laws/friction/index.ts";
import * as ode from "../../ode/index.ts";
import { positiveSolver } from "../../optim/least-squares/cholesky.ts";
import { concat, full, stack, tensor, zeros } from "../../tensor/functions.ts";
import { parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { jacobian } from "../../transforms/index.ts";
import type { Learner } from "./learner.ts";
import { rootMeanSquare } from "./motion.ts";
import type { VelocityStep } from "./velocity-step.ts";

/** A number with its standard error. */
export type Estimate = { readonly mean: number; readonly spread: number };

/** Rate-and-state friction of a measured step. */
export interface StepFit {
  /** Coefficients a, b and a - b; Dc in units of displacement; k in one over these; mu0; the trend of friction with displacement. */
  readonly estimates: Readonly<Record<(typeof knobNames)[number] | "difference", Estimate>>;
  /** When the load's velocity changed, s. */
  readonly at: number;
  /** What multiplies errors that take each row's noise for its own: rows that follow each other are alike. */
  readonly correlation: number;
  readonly rms: number;
  readonly curve: readonly number[];
}

const knobNames = ["a", "b", "Dc", "k", "mu0", "trend"] as const;
const all = [...knobNames, "at"] as const;
type Knobs = Readonly<Record<(typeof all)[number], Tensor>>;

/**
 * Fits a slider on a spring to a velocity step by least squares: a, b and Dc of the law, the stiffness k of machine and
 * sample, mu0, a linear trend with displacement, which experiments are known for, and when the velocity changed.
 *
 * Standard errors are by the Jacobian at the best fit, (J'J)^-1 times the variance of the residuals, times how many rows
 * are worth one: noise of neighbouring rows goes together.
 */
export async function fitStep(session: Learner, step: VelocityStep, evolution: Evolution): Promise<StepFit> {
  const { time, friction } = step;
  const measured = tensor([...friction], { dtype: "float64" });
  const starts = guesses(step);
  const residuals = (knobs: Knobs) => curveOf(knobs, step, evolution).sub(measured);
  const { losses } = await session.evaluate({
    losses: stack(starts.map((start) => residuals(fixed(start)).square().mean())),
  });
  const found = Array.from(losses.data, (loss) => (Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY));
  const start = starts[found.indexOf(Math.min(...found))];
  const size = deviation(friction);
  // What may have either sign moves by these, so that all knobs are of order one.
  const ways = (time[time.length - 1] - time[0]) * step.velocities[1];
  const units: Partial<Numbers> = { mu0: size, trend: size / ways, at: ways / (100 * step.velocities[1]) };
  const free = all.map((name) => parameter([], 0, { name, dtype: "float64" }));
  const knobs = Object.fromEntries(
    all.map((name, i) => {
      const unit = units[name];
      return [name, unit === undefined ? free[i].exp().mul(start[name]) : free[i].mul(unit).add(start[name])];
    }),
  ) as Knobs;
  const off = residuals(knobs);
  await session.leastSquares(evolution, { residuals: off.div(size), steps: 60 });
  const { errors, slopes, ...values } = await session.evaluate({
    ...knobs,
    errors: off,
    slopes: jacobian(off, free),
  });
  const rows = Array.from(errors.data);
  const covariance = covarianceOf(Array.from(slopes.data), rows, all.length);
  const correlation = Math.sqrt(rowsWorthOne(rows));
  const value = (name: (typeof all)[number]) => values[name].item();
  const scale = (name: (typeof all)[number]) => units[name] ?? value(name);
  const together = (i: number, j: number) => covariance[i * all.length + j] * scale(all[i]) * scale(all[j]);
  const estimate = (mean: number, variance: number): Estimate => ({ mean, spread: correlation * Math.sqrt(variance) });
  const own = knobNames.map((name, i) => [name, estimate(value(name), together(i, i))]);
  return {
    estimates: {
      ...(Object.fromEntries(own) as Record<(typeof knobNames)[number], Estimate>),
      difference: estimate(value("a") - value("b"), together(0, 0) + together(1, 1) - 2 * together(0, 1)),
    },
    at: value("at"),
    correlation,
    rms: rootMeanSquare(rows),
    curve: time.map((_, i) => friction[i] + rows[i]),
  };
}

type Numbers = Readonly<Record<(typeof all)[number], number>>;

const fixed = (values: Numbers) =>
  Object.fromEntries(all.map((name) => [name, full([], values[name], "float64")])) as Knobs;

/** The friction of a slider that was in steady sliding until the step, at every row. */
function curveOf(knobs: Knobs, { time, velocities }: VelocityStep, evolution: Evolution): Tensor {
  const [before, after] = velocities;
  const since = tensor([...time], { dtype: "float64" }).sub(knobs.at);
  const law = {
    direct: knobs.a,
    evolution: knobs.b,
    distance: knobs.Dc,
    coefficient: knobs.mu0,
    velocity: full([], before, "float64"),
  };
  const load = () => full([], after, "float64");
  const rate = springSlider(law, evolution, { stiffness: knobs.k, load });
  // Until the step no time passes: so the step may come between rows, wherever the fit moves it. An implicit method, since
  // velocities may settle much sooner than in the time between rows.
  const times = concat([zeros([1], "float64"), since.maximum(0)]);
  const path = ode.solve(rate, zeros([2], "float64"), times, { method: ode.rodas4, substeps: 2 });
  const way = since.gt(0).where(since.mul(after), since.mul(before));
  return sliderFriction(law, path).slice(1).add(way.mul(knobs.trend));
}

/** Where to begin: a and b by the height of the peak and by what stays, Dc and k among several, as is the time. */
function guesses({ time, friction, velocities, at }: VelocityStep): Numbers[] {
  const [before, after] = velocities;
  const fold = Math.log(after / before);
  const rows = time.map((_, i) => i);
  const mean = (part: readonly number[]) => part.reduce((sum, i) => sum + friction[i], 0) / Math.max(1, part.length);
  const span = time[time.length - 1] - at;
  const first = mean(rows.filter((i) => time[i] < at - 0.02 * span));
  const last = mean(rows.filter((i) => time[i] > at + span / 2));
  // The peak, of means over a few rows, is the farthest in the direction of the step.
  const width = Math.max(1, Math.floor(time.length / 250));
  const smooth = rows
    .filter((i) => i >= width && time[i] > at - 0.02 * span)
    .map((i) => {
      const level = mean(Array.from({ length: width }, (_, k) => i - k));
      return { level: (level - first) / fold, time: time[i - Math.floor(width / 2)] };
    });
  const top = smooth.reduce((best, point) => (point.level > best.level ? point : best));
  const a = Math.max(top.level, 1e-4);
  const b = Math.max(a - (last - first) / fold, 1e-4);
  const rise = smooth.find(({ level }) => level > top.level / 4)?.time ?? at;
  return [0.003, 0.01, 0.03, 0.1].flatMap((share) =>
    [1, 4, 16].flatMap((stiff) =>
      [at, rise].map((at): Numbers => {
        const Dc = share * span * after;
        return { a, b, Dc, k: (stiff * a) / Dc, mu0: first, trend: 0, at };
      }),
    ),
  );
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return rootMeanSquare(values.map((x) => x - mean));
}

/** (J'J)^-1 times the variance of the residuals, [n, n]. */
function covarianceOf(slopes: readonly number[], residuals: readonly number[], n: number): number[] {
  const matrix = new Float64Array(n * n);
  // In units in which the diagonal is 1, since knobs differ by many powers of ten.
  const size = Array.from({ length: n }, (_, j) =>
    Math.sqrt(residuals.reduce((sum, _r, i) => sum + slopes[i * n + j] ** 2, 0)),
  );
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < n; k++) {
      let sum = 0;
      for (let i = 0; i < residuals.length; i++) sum += slopes[i * n + j] * slopes[i * n + k];
      matrix[j * n + k] = sum / (size[j] * size[k]);
    }
  }
  const solve = positiveSolver(matrix);
  const variance = residuals.reduce((sum, r) => sum + r * r, 0) / (residuals.length - n);
  return Array.from({ length: n }, (_, j) => {
    const column = solve?.(Float64Array.from({ length: n }, (_, k) => (k === j ? 1 : 0)));
    return Array.from({ length: n }, (_, k) => (column ? (column[k] * variance) / (size[j] * size[k]) : Number.NaN));
  }).flat();
}

/**
 * 1 + 2 sum of the autocorrelations of the residuals, as far as they are above 0 (Geyer, Stat. Sci. 7, 473, 1992, in its plainest
 * form): the variance of a mean over that for rows of noise of their own.
 */
function rowsWorthOne(residuals: readonly number[]): number {
  const power = residuals.reduce((sum, r) => sum + r * r, 0);
  let total = 1;
  for (let lag = 1; lag < residuals.length / 4; lag++) {
    let sum = 0;
    for (let i = lag; i < residuals.length; i++) sum += residuals[i] * residuals[i - lag];
    if (sum <= 0) break;
    total += (2 * sum) / power;
  }
  return total;
}
