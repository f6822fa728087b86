import { formal } from "../graph/body.ts";
import type { DType } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { formatShape } from "../graph/shape.ts";
import { dependents } from "../graph/walk.ts";
import { tensor } from "../tensor/functions.ts";
import { Tensor, where } from "../tensor/tensor.ts";
import { batchShapeOf } from "./batch-shape.ts";
import { later } from "./later.ts";
import { type Rate, rateAt } from "./rate.ts";

/** Wanted times, ready for a solver. */
export interface Times {
  /**
   * [times], or with each trajectory's own, [times, ...] 1 along the state's axes but for the trajectories'. A tensor's as they
   * are, and a list's since its first, which is where `zero` lies.
   */
  readonly values: Tensor;
  readonly zero: number;
  /** 1 where they rise and -1 where they fall, a scalar or for each trajectory. */
  readonly direction: Tensor;
  /** Whether they rise or fall all the way, where that is known only when it runs. */
  readonly sorted?: Tensor;
}

/** Times since the first of them, and the first. */
export function sinceFirst({ values, zero, sorted }: Times): {
  readonly since: Tensor;
  readonly start: Tensor | number;
} {
  // A list begins at 0, and a single time goes nowhere.
  if (!sorted) return { since: values, start: zero };
  return { since: values.sub(values.at(0)), start: values.at(0).add(zero) };
}

/**
 * Checks the times for a state.
 *
 * @param batch  the state's axis of trajectories, which may have times of their own: [times, trajectories]
 * @throws `ode.times` unless there is at least one, of the state's type, and they rise or fall all the way
 */
export function timesFor(given: Tensor | readonly number[], y0: Tensor, batch: number | undefined): Times {
  const { dtype } = y0;
  if (!(given instanceof Tensor)) return listed(given, dtype);
  const own = batch !== undefined && given.rank === 2 && given.shape[1] === y0.shape[batch];
  if ((given.rank !== 1 && !own) || given.size === 0 || given.dtype !== dtype) {
    const each =
      batch === undefined ? "" : `, or one list for each of ${y0.shape[batch]} trajectories, [times, trajectories]`;
    refuse(
      `times must be a list of at least one ${dtype} (the state's type)${each}, but they are ${given.dtype} ` +
        `${formatShape(given.shape)}`,
    );
  }
  const values = own ? given.reshape([given.shape[0], ...batchShapeOf(y0, batch)]) : given;
  const direction = where(values.at(-1).lt(values.at(0)), tensor(-1, { dtype }), 1);
  if (given.shape[0] === 1) return { values, zero: 0, direction };
  const onward = values.slice(1).sub(values.slice(0, -1)).mul(direction);
  return { values, zero: 0, direction, sorted: onward.min(0).ge(0) };
}

function listed(times: readonly number[], dtype: DType): Times {
  if (!Array.isArray(times) || times.length === 0 || times.some((t) => typeof t !== "number")) {
    refuse(`times must be a list of at least one ${dtype} (the state's type), but ${JSON.stringify(times)} came`);
  }
  checkOrder(times);
  const [zero] = times;
  const values = tensor(
    times.map((t) => t - zero),
    { dtype },
  );
  return { values, zero, direction: tensor((times.at(-1) as number) < zero ? -1 : 1, { dtype }) };
}

/**
 * Times so large that their type cannot tell them apart are no matter where the rate does not look at the time, since the
 * solver counts from the first.
 *
 * @throws `ode.times` where it does
 */
export function checkResolution(
  times: Tensor | readonly number[],
  y0: Tensor,
  rate: Rate,
  batchShape: Tensor["shape"],
): void {
  if (times instanceof Tensor) return;
  const [first, last] = [times[0], times[times.length - 1]];
  const apart = Math.max(Math.abs(first), Math.abs(last)) * (y0.dtype === "float64" ? 2 ** -52 : 2 ** -23);
  const span = Math.abs(last - first);
  if (span === 0 || apart <= span * 1e-3) return;
  const [y, t] = [formal(y0.node), formal({ shape: batchShape, dtype: y0.dtype })];
  const change = rateAt(rate, new Tensor(y), new Tensor(t)).node;
  if (!dependents([change], [t]).has(change)) return;
  refuse(
    `the rate depends on the time, of which ${y0.dtype} tells apart only every ${Number(apart.toPrecision(2))} near ` +
      `${first}, and the times go from ${first} to ${last}; count the time from near 0 (in the rate too), or use float64`,
  );
}

function checkOrder(times: readonly number[]): void {
  const odd = times.findIndex((t) => !Number.isFinite(t));
  if (odd >= 0) refuse(`times must be finite, but entry ${odd} is ${times[odd]}`);
  const sign = Math.sign(times[times.length - 1] - times[0]);
  const back = times.findIndex((t, i) => i > 0 && (t - times[i - 1]) * sign < 0);
  const level = sign === 0 ? times.findIndex((t) => t !== times[0]) : -1;
  const at = back >= 0 ? back : level;
  if (at >= 0)
    refuse(`times must rise or fall all the way, but entry ${at} is ${times[at]}, after ${times[at - 1]}; sort them`);
}

function refuse(what: string): never {
  throw new PondusError("ode.times", `ode.solve: ${what}.`);
}

/** A rate in the time that `values` are in. */
export const rateOf = (rate: Rate, { zero }: Times): Rate => later(rate, zero);
