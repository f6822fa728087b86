import { PondusError } from "../graph/errors.ts";
import { formatShape } from "../graph/shape.ts";
import { tensor } from "../tensor/functions.ts";
import { Tensor, where } from "../tensor/tensor.ts";
import { lanesOf } from "./lanes.ts";

/** Wanted times, ready for a solver. */
export interface Times {
  /** [times], or with each trajectory's own, [times, ...] 1 along the state's axes but for the trajectories'. */
  readonly values: Tensor;
  /** 1 where they rise and -1 where they fall, a scalar or for each trajectory. */
  readonly direction: Tensor;
  /** Whether they rise or fall all the way, where that is known only when it runs. */
  readonly sorted?: Tensor;
}

/**
 * Checks the times for a state.
 *
 * @param batch  the state's axis of trajectories, which may have times of their own: [times, trajectories]
 * @throws `ode.times` unless there is at least one, of the state's type, and they rise or fall all the way
 */
export function timesFor(given: Tensor | readonly number[], y0: Tensor, batch: number | undefined): Times {
  const { dtype } = y0;
  if (!(given instanceof Tensor)) checkOrder(given);
  const t = given instanceof Tensor ? given : tensor([...given], { dtype });
  const own = batch !== undefined && t.rank === 2 && t.shape[1] === y0.shape[batch];
  if ((t.rank !== 1 && !own) || t.size === 0 || t.dtype !== dtype) {
    const each =
      batch === undefined ? "" : `, or one list for each of ${y0.shape[batch]} trajectories, [times, trajectories]`;
    throw new PondusError(
      "ode.times",
      `ode.solve: times must be a list of at least one ${dtype} (the state's type)${each}, but they are ${t.dtype} ` +
        `${formatShape(t.shape)}.`,
    );
  }
  const values = own ? t.reshape([t.shape[0], ...lanesOf(y0, batch)]) : t;
  if (!(given instanceof Tensor)) {
    const falls = given.length > 1 && given[given.length - 1] < given[0];
    return { values, direction: tensor(falls ? -1 : 1, { dtype }) };
  }
  const direction = where(values.at(-1).lt(values.at(0)), tensor(-1, { dtype }), 1);
  if (t.shape[0] === 1) return { values, direction };
  const onward = values
    .slice(0, 1)
    .sub(values.slice(0, 0, -1))
    .mul(direction);
  return { values, direction, sorted: onward.min(0).ge(0) };
}

function checkOrder(times: readonly number[]): void {
  const odd = times.findIndex((t) => !Number.isFinite(t));
  if (odd >= 0)
    throw new PondusError("ode.times", `ode.solve: times must be finite, but entry ${odd} is ${times[odd]}.`);
  const sign = Math.sign(times[times.length - 1] - times[0]);
  const back = times.findIndex((t, i) => i > 0 && (t - times[i - 1]) * sign < 0);
  const level = sign === 0 ? times.findIndex((t) => t !== times[0]) : -1;
  const at = back >= 0 ? back : level;
  if (at < 0) return;
  throw new PondusError(
    "ode.times",
    `ode.solve: times must rise or fall all the way, but entry ${at} is ${times[at]}, after ${times[at - 1]}; sort them.`,
  );
}
