import { stack } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { StateLaw } from "./law.ts";

export interface RateAndStateKnobs {
  /** How much a sudden e-fold of velocity adds to the coefficient of friction (a). */
  readonly direct: Tensor;
  /** How much of it an e-fold of the state gives, and the new velocity takes away in time (b). */
  readonly evolution: Tensor;
  /** The way along which contacts are made anew (Dc), um or whatever ways are measured in. */
  readonly distance: Tensor;
  /** The coefficient of friction of steady sliding at the velocity V0. */
  readonly coefficient: Tensor;
  /** V0, um/s, above 0. */
  readonly velocity: Tensor;
}

/** How the state evolves: contacts age at rest too, or only slip makes them anew. */
export type Evolution = "aging" | "slip";

/**
 * Rate-and-state friction (J. H. Dieterich, J. Geophys. Res. 84, 2161, 1979; A. Ruina, J. Geophys. Res. 88, 10359, 1983):
 * mu = mu0 + a ln(V / V0) + b ln(V0 theta / Dc), where the state theta, in s, is how long contacts have lasted. It evolves by the
 * aging law, d theta/dt = 1 - V theta / Dc, or the slip law, d theta/dt = -(V theta / Dc) ln(V theta / Dc). Steady sliding has
 * theta = Dc / V, and mu = mu0 + (a - b) ln(V / V0). Velocities are above 0. `force` is the coefficient mu.
 *
 * `step` is exact: theta comes to Dc / V as exp(-V h / Dc), by the slip law in its logarithm.
 */
export function rateAndState(knobs: RateAndStateKnobs, evolution: Evolution): StateLaw {
  const { direct, distance, coefficient, velocity } = knobs;
  const aging = evolution === "aging";
  return {
    states: 1,
    rate(state, v) {
      const ways = state.squeeze(-1).mul(v).div(distance);
      return (aging ? ways.neg().add(1) : ways.mul(ways.log()).neg()).unsqueeze(-1);
    },
    force(state, v) {
      const age = state.squeeze(-1).mul(velocity).div(distance).log();
      return coefficient.add(v.div(velocity).log().mul(direct)).add(age.mul(knobs.evolution));
    },
    step(state, v, h) {
      const theta = state.squeeze(-1);
      const steady = distance.div(v);
      const left = v.mul(h).div(distance).neg().exp();
      const next = aging
        ? steady.add(theta.sub(steady).mul(left))
        : steady.mul(theta.div(steady).log().mul(left).exp());
      return next.unsqueeze(-1);
    },
  };
}

/**
 * A slider that a spring pulls, without inertia: d mu/dt = k (V_load - V), with the friction of `rateAndState`. Its state is
 * [..., 2]: u = ln(V / V0) and s = ln(V0 theta / Dc), both 0 in steady sliding at V0. Solve it stiffly where k Dc is small beside
 * b - a, at which sliding is about to stick and slip.
 *
 * @param stiffness  k, of spring and sample over the normal force, 1/um
 * @param load       the velocity of the spring's other end at a time, um/s
 */
export function springSlider(
  { direct, evolution: b, distance, velocity }: RateAndStateKnobs,
  evolution: Evolution,
  { stiffness, load }: { readonly stiffness: Tensor; readonly load: (t: Tensor) => Tensor },
): (y: Tensor, t: Tensor) => Tensor {
  const pace = velocity.div(distance);
  return (y, t) => {
    const [u, s] = [y.at(0, -1), y.at(1, -1)];
    const fold = u.exp();
    const aged = evolution === "aging" ? s.neg().exp().sub(fold) : fold.mul(u.add(s)).neg();
    const ds = aged.mul(pace);
    const du = load(t).sub(fold.mul(velocity)).mul(stiffness).sub(ds.mul(b)).div(direct);
    return stack([du, ds], -1);
  };
}

/** The coefficient of friction of a slider's states, [..., 2] to [...]. */
export function sliderFriction({ direct, evolution, coefficient }: RateAndStateKnobs, y: Tensor): Tensor {
  return coefficient.add(y.at(0, -1).mul(direct)).add(y.at(1, -1).mul(evolution));
}
