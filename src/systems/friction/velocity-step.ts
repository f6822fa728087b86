import { PondusError } from "../../graph/errors.ts";
import { numbers, type Table } from "../../io/csv.ts";
import { checkRising } from "./rising.ts";

/** Friction of rock while the velocity at which it is pulled goes from one value to another. */
export interface VelocityStep {
  /** s, from the first row on. */
  readonly time: readonly number[];
  readonly friction: readonly number[];
  /** Of the load point before and after, in the units of the displacement to a second. */
  readonly velocities: readonly [number, number];
  /** When the displacement goes from one to the other, s. */
  readonly at: number;
  readonly names: { readonly time: string; readonly displacement: string; readonly friction: string };
}

/** Rows on either side: fewer do not tell a velocity, nor so many knobs. */
const fewest = 30;

/** Of the time measured, what is left out on either side of the step when velocities are found. */
const margin = 0.02;

/** Reads a laboratory's record of one velocity step. */
export function readVelocityStep(table: Table, names: VelocityStep["names"]): VelocityStep {
  const [time, displacement, friction] = [names.time, names.displacement, names.friction].map((name) =>
    numbers(table, name),
  );
  checkRising(table, time);
  const count = time.values.length;
  if (count < 2 * fewest) {
    throw new PondusError(
      "data.short",
      `${table.name}: at least ${2 * fewest} rows are needed to tell the law of a velocity step, but ${count} came.`,
    );
  }
  const flat = friction.values.every((mu) => mu === friction.values[0]);
  if (flat) {
    throw new PondusError(
      "data.flat",
      `${table.name}: column "${names.friction}" is ${friction.values[0]} in every row, and there is nothing to learn.`,
    );
  }
  const t = Array.from(time.values, (at) => at - time.values[0]);
  const x = displacement.values;
  const place = kink(t, x);
  const gap = margin * t[count - 1];
  const before = t.findLastIndex((at) => at < t[place] - gap);
  const after = t.findIndex((at) => at > t[place] + gap);
  const velocities = [slope(t, x, 0, before + 1), slope(t, x, after, count)] as const;
  const [slow, fast] = [...velocities].sort((a, b) => a - b);
  if (!(slow > 0 && fast > 1.2 * slow)) {
    throw new PondusError(
      "friction.step",
      `${table.name}: rate-and-state friction is told by a step of the velocity, but column "${names.displacement}" goes on by ` +
        `${velocities[0].toPrecision(3)} and then by ${velocities[1].toPrecision(3)} a second; give the part of the record ` +
        "around one step, between two velocities above 0, or a motion to and fro with columns for velocity and force.",
    );
  }
  return { time: t, friction: Array.from(friction.values), velocities, at: t[place], names };
}

/** The row at which two straight lines, one to each side, are nearest to x(t). */
function kink(t: readonly number[], x: ArrayLike<number>): number {
  // Squares of the distance from a line follow from sums alone, forwards for one side and backwards for the other.
  const misses = (order: readonly number[]) => {
    const origin = order[0];
    let [n, st, sx, stt, stx, sxx] = [0, 0, 0, 0, 0, 0];
    const found = new Float64Array(order.length);
    for (const i of order) {
      const [a, b] = [t[i] - t[origin], x[i] - x[origin]];
      n++;
      st += a;
      sx += b;
      stt += a * a;
      stx += a * b;
      sxx += b * b;
      const tt = stt - (st * st) / n;
      const tx = stx - (st * sx) / n;
      found[i] = sxx - (sx * sx) / n - (tt > 0 ? (tx * tx) / tt : 0);
    }
    return found;
  };
  const forwards = t.map((_, i) => i);
  const [left, right] = [misses(forwards), misses([...forwards].reverse())];
  let best = fewest;
  for (let i = fewest; i < t.length - fewest; i++) if (left[i] + right[i] < left[best] + right[best]) best = i;
  return best;
}

/** The slope of x(t) in the middle of those over a hundred rows, which a few odd rows do not change. */
function slope(t: readonly number[], x: ArrayLike<number>, from: number, to: number): number {
  const rows = Math.min(100, Math.floor((to - from) / 2));
  const slopes: number[] = [];
  for (let i = from; i + rows < to; i++) slopes.push((x[i + rows] - x[i]) / (t[i + rows] - t[i]));
  return slopes.sort((a, b) => a - b)[Math.floor(slopes.length / 2)];
}
