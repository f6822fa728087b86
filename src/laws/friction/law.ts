import { scan } from "../../tensor/control.ts";
import { concat } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * A law of friction with memory: an ordinary differential equation for an inner state, driven by the velocity, and the
 * force that this state gives. Any units, as long as they agree; the laws' own pages name them.
 */
export interface StateLaw {
  /** How many numbers the state has. */
  readonly states: number;
  /** d(state)/dt, [..., states], of a state [..., states] at a velocity [...]. */
  rate(state: Tensor, v: Tensor): Tensor;
  /** The force, or the coefficient of friction, [...]. */
  force(state: Tensor, v: Tensor): Tensor;
  /**
   * The state after a time `h`, a scalar or [...], through which the velocity stays the same. However stiff the law and however long the time,
   * it neither grows without bound nor overshoots: what sampled data are to be fitted with.
   */
  step(state: Tensor, v: Tensor, h: Tensor): Tensor;
}

/** A law without memory: the force [...] at a velocity [...]. */
export type StaticLaw = (v: Tensor) => Tensor;

/**
 * The state at each of many samples of a motion. From one to the next it moves by `step`, at the mean of the two velocities,
 * which is an error of second order in the time between samples.
 *
 * @param start  the state at the first sample, [..., states]
 * @param v      velocities, [samples, ...]
 * @param h      time between samples: a scalar, or one from each of them to the next, [samples - 1, ...]
 * @returns      [samples, ..., states]
 */
export function statesAlong({ step }: Pick<StateLaw, "step">, start: Tensor, v: Tensor, h: Tensor): Tensor {
  const mean = v.slice(1).add(v.slice(0, -1)).mul(0.5);
  const held = h.rank === 0 ? h.expand(mean.shape) : h;
  const { out } = scan(
    { state: start },
    ({ state }, { mean, held }) => {
      const next = step(state, mean, held);
      return { carry: { state: next }, out: { state: next } };
    },
    { xs: { mean, held } },
  );
  return concat([start.unsqueeze(0), out.state]);
}

/** The force at each of them, [samples, ...]. */
export function forcesAlong(law: Pick<StateLaw, "step" | "force">, start: Tensor, v: Tensor, h: Tensor): Tensor {
  return law.force(statesAlong(law, start, v, h), v);
}
