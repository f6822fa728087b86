import type { TimeSeries } from "../../experiment/data/time-series.ts";
import { positiveSolver } from "../../optim/least-squares/cholesky.ts";

/**
 * The law of Lotka (1925) and Volterra (1926) for two kinds x and y: dx/dt = x (growth_x + interaction_x y) and the same of
 * y. Prey grows by itself and is eaten (+, -), a predator starves by itself and eats (-, +).
 */
export interface Interaction {
  readonly growth: readonly number[];
  readonly interaction: readonly number[];
}

/** Which parts of the series the path is brought near to, one after the other: a long path from bad knobs is out of step. */
const horizons = [1 / 4, 1 / 2, 3 / 4, 1];

/** More rows than these say nothing more about where to begin. */
const enough = 200;

/**
 * Where a fit of the law may begin. First what two lines give: ln x(t + h) - ln x(t) = growth h + interaction times the
 * integral of y, each integral by the trapezoidal rule. Then the knobs (and the starts) whose path comes near to the first
 * quarter of the measurements, from those to the first half, and so on.
 *
 * @param series  two states, all above 0
 */
export function guessInteraction(series: TimeSeries): Interaction {
  const [x, y] = series.states.map(({ values }) => values.slice(0, enough));
  const t = series.time.values.slice(0, enough);
  const lines = [line(t, x, y), line(t, y, x)];
  let knobs = [...lines.flat(), Math.log(x[0]), Math.log(y[0])];
  for (const part of horizons) {
    const rows = Math.max(4, Math.ceil(t.length * part));
    knobs = descend((at) => errorsOf(at, t.slice(0, rows), x, y), knobs);
  }
  // Where no path stays finite, nothing changes at first.
  if (!Number.isFinite(sum(errorsOf(knobs, t, x, y)))) return { growth: [0, 0], interaction: [0, 0] };
  return { growth: [knobs[0], knobs[2]], interaction: [knobs[1], knobs[3]] };
}

/** The least squares a and b of ln x(t + h) - ln x(t) = a h + b h (y(t) + y(t + h)) / 2. */
function line(t: readonly number[], x: readonly number[], y: readonly number[]): [number, number] {
  let [hh, hs, ss, hd, sd] = [0, 0, 0, 0, 0];
  for (let k = 0; k + 1 < t.length; k++) {
    const h = t[k + 1] - t[k];
    const s = (h * (y[k] + y[k + 1])) / 2;
    const d = Math.log(x[k + 1] / x[k]);
    hh += h * h;
    hs += h * s;
    ss += s * s;
    hd += h * d;
    sd += s * d;
  }
  const determinant = hh * ss - hs * hs;
  if (!(determinant > 1e-12 * hh * ss)) return [hd / hh, 0];
  return [(hd * ss - sd * hs) / determinant, (hh * sd - hs * hd) / determinant];
}

const sum = (errors: readonly number[]) => errors.reduce((total, e) => total + e * e, 0);

/** A few damped Gauss-Newton steps by differences: it need only come near. */
function descend(errors: (knobs: readonly number[]) => number[], from: readonly number[]): number[] {
  let knobs = [...from];
  let here = errors(knobs);
  let damping = 1e-2;
  for (let step = 0; step < 40 && damping < 1e6 && Number.isFinite(sum(here)); step++) {
    const columns = knobs.map((knob, j) => {
      const h = 1e-6 * Math.max(Math.abs(knob), 1e-3);
      return errors(knobs.map((k, i) => (i === j ? k + h : k))).map((e, row) => (e - here[row]) / h);
    });
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((total, v, i) => total + v * b[i], 0);
    const normal = columns.flatMap((a, i) => columns.map((b, j) => dot(a, b) * (i === j ? 1 + damping : 1)));
    const move = positiveSolver(Float64Array.from(normal))?.(Float64Array.from(columns, (a) => -dot(a, here)));
    const next = knobs.map((k, i) => k + (move?.[i] ?? Number.NaN));
    const there = errors(next);
    if (sum(there) < sum(here)) {
      if (sum(here) - sum(there) < 1e-6 * sum(here)) return next;
      [knobs, here, damping] = [next, there, damping / 5];
    } else {
      damping *= 4;
    }
  }
  return knobs;
}

/** Steps from row to row. */
const steps = 8;

/**
 * Path minus measurements over the largest of each, by the classical Runge-Kutta method.
 *
 * @param knobs  growth and interaction of x, the same of y, logarithms of both starts
 */
function errorsOf(
  knobs: readonly number[],
  t: readonly number[],
  x: readonly number[],
  y: readonly number[],
): number[] {
  const [a, b, c, d, ...starts] = knobs;
  const rate = ([u, v]: readonly number[]) => [u * (a + b * v), v * (c + d * u)];
  const [topX, topY] = [x, y].map((values) => Math.max(...values));
  let state = starts.map(Math.exp);
  const errors: number[] = [];
  for (let k = 0; k < t.length; k++) {
    const h = k === 0 ? 0 : (t[k] - t[k - 1]) / steps;
    for (let i = 0; i < steps && h > 0; i++) {
      const moved = (by: readonly number[], factor: number) => state.map((s, j) => s + factor * h * by[j]);
      const k1 = rate(state);
      const k2 = rate(moved(k1, 0.5));
      const k3 = rate(moved(k2, 0.5));
      const k4 = rate(moved(k3, 1));
      state = state.map((s, j) => s + (h / 6) * (k1[j] + 2 * k2[j] + 2 * k3[j] + k4[j]));
    }
    errors.push((state[0] - x[k]) / topX, (state[1] - y[k]) / topY);
  }
  return errors;
}
