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
   * The state after a time `h` through which the velocity stays the same. However stiff the law and however long the time,
   * it neither grows without bound nor overshoots: what sampled data are to be fitted with.
   */
  step(state: Tensor, v: Tensor, h: Tensor): Tensor;
}

/** A law without memory: the force [...] at a velocity [...]. */
export type StaticLaw = (v: Tensor) => Tensor;

/**
 * The force at each of many samples of a motion. From one to the next the state moves by `step`, at the mean of the two
 * velocities, which is an error of second order in the time between samples.
 *
 * @param start  the state at the first sample, [..., states]
 * @param v      velocities, [samples, ...]
 * @param h      time between samples: a scalar, or one for each of them to the next, [samples - 1]
 * @returns      forces, [samples, ...]
 */
export function forcesAlong(law: Pick<StateLaw, "step" | "force">, start: Tensor, v: Tensor, h: Tensor): Tensor {
  const [samples] = v.shape;
  const times = h.rank === 0 ? h.expand([samples - 1]) : h;
  // The step that leads to the first sample takes no time: the state is `start` there.
  const steps = times.pad(0, 1, 0);
  const earlier = concat([v.slice(0, 0, 1), v.slice(0, 0, samples - 1)]);
  return scan(
    { state: start },
    ({ state }, { at, before, h }) => {
      const next = law.step(state, at.add(before).mul(0.5), h);
      return { carry: { state: next }, out: { force: law.force(next, at) } };
    },
    { xs: { at: v, before: earlier, h: steps } },
  ).out.force;
}
