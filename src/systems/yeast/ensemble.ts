import { meanOf } from "../../experiment/spread.ts";
import type * as optim from "../../optim/index.ts";
import { full } from "../../tensor/functions.ts";
import { where } from "../../tensor/tensor.ts";
import type { Paths } from "./growth-model.ts";

/**
 * For a loss that is the mean over members whose knobs lie along the first axis: gives each member the gradient of its own
 * loss, scaled where its norm over all of that member's knobs exceeds `limit`. So each trains as if it were alone.
 */
export function clipEachMember(limit: number, members: number): optim.Clip {
  return (gradients) => {
    const own = gradients.map((g) => g.mul(members));
    const squares = own.map((g) => g.square().reshape([members, -1]).sum(1));
    const norm = squares.reduce((sum, x) => sum.add(x)).sqrt();
    const scale = where(norm.gt(limit), full([members], limit, norm.dtype).div(norm), 1);
    return own.map((g) => g.mul(scale.reshape([members, ...g.shape.slice(1).map(() => 1)])));
  };
}

/** What the members say together: their mean, and the band in which the middle four fifths of them lie. */
export interface Band {
  /** For each state, one value to a time. */
  readonly mean: readonly (readonly number[])[];
  /** The 10th and the 90th percentile. */
  readonly low: readonly (readonly number[])[];
  readonly high: readonly (readonly number[])[];
}

export const percentiles = [10, 90] as const;

export function bandOf(paths: Paths): Band {
  const each = (pick: (values: readonly number[]) => number) =>
    paths[0].map((times, state) => times.map((_, at) => pick(paths.map((member) => member[state][at]))));
  return {
    mean: each(meanOf),
    low: each((values) => percentile(values, percentiles[0])),
    high: each((values) => percentile(values, percentiles[1])),
  };
}

/** As NumPy has it by default: between the two values around the place. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(place);
  const above = sorted[Math.min(below + 1, sorted.length - 1)];
  return sorted[below] + (place - below) * (above - sorted[below]);
}

/** One member's part of something that all have along the first axis. */
export function memberOf(x: ArrayLike<number>, members: number, member: number): number[] {
  const size = x.length / members;
  return Array.from({ length: size }, (_, i) => x[member * size + i]);
}
