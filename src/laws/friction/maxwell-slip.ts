import type { Tensor } from "../../tensor/tensor.ts";
import type { StateLaw } from "./law.ts";
import { type StribeckKnobs, slidingForce } from "./stribeck.ts";

export interface MaxwellSlipKnobs extends StribeckKnobs {
  /** Of each element's spring, [elements], N/m. */
  readonly stiffness: Tensor;
  /** Which part of the sliding force each element carries (alpha), [elements], adding up to 1. */
  readonly share: Tensor;
  /** How fast a slipping element comes to the sliding force that belongs to the velocity (C), N/s. */
  readonly attraction: Tensor;
}

/** How far an element slips, from 0 to 1, by the part of its limit that it has come to: that part to the 16th power. */
function slipOf(part: Tensor): Tensor {
  return part.clip(0, 1).square().square().square().square();
}

/**
 * The generalised Maxwell-slip law (Al-Bender, Lampaert & Swevers, IEEE Trans. Autom. Control 50, 1883, 2005): blocks on springs
 * side by side, the state being their forces F_i, in N. One that sticks takes dF_i/dt = k_i v. When its force comes to
 * alpha_i g(v) it slips, dF_i/dt = sgn(v) C (alpha_i - |F_i| / g(v)), until the velocity changes sign. F = sum F_i + sigma2 v, and
 * steady sliding gives Stribeck's curve.
 *
 * `rate` goes from one to the other over a little of the way, so that it has derivatives: with s = (F_i sgn(v) / (alpha_i g))^16
 * between 0 and 1, dF_i/dt = (1 - s) k_i v + s sgn(v) C (alpha_i - |F_i| / g). `step` takes both phases as the law has them, each
 * in closed form: the spring is drawn by k_i v h and goes no further than the force of slipping, to which what lies above it
 * falls as exp(-C h / g).
 */
export function maxwellSlip(knobs: MaxwellSlipKnobs): StateLaw {
  const { stiffness, share, attraction, viscous } = knobs;
  return {
    states: stiffness.shape[0],
    rate(state, v) {
      const [at, g] = [v.unsqueeze(-1), slidingForce(knobs, v).unsqueeze(-1)];
      const forward = state.mul(at.sign());
      const slip = slipOf(forward.div(g.mul(share)));
      const slipping = at
        .sign()
        .mul(attraction)
        .mul(share.sub(forward.div(g)));
      return slip.neg().add(1).mul(at).mul(stiffness).add(slip.mul(slipping));
    },
    force: (state, v) => state.sum(-1).add(v.mul(viscous)),
    step(state, v, h) {
      const [at, g] = [v.unsqueeze(-1), slidingForce(knobs, v).unsqueeze(-1)];
      const limit = g.mul(share);
      const forward = state.mul(at.sign());
      const time = h.rank === 0 ? h : h.unsqueeze(-1);
      const drawn = at.abs().mul(stiffness).mul(time).add(forward);
      const above = forward.sub(limit).maximum(0).mul(attraction.mul(time).div(g).neg().exp());
      return at.eq(0).where(state, drawn.minimum(limit.add(above)).mul(at.sign()));
    },
  };
}

/**
 * Springs with blocks that slip at forces which are always the same (W. D. Iwan, J. Appl. Mech. 33, 893, 1966): hysteresis that
 * does not ask how fast. `rate` is that of `maxwellSlip` where nothing falls with velocity and slipping forces are reached at once.
 *
 * @param stiffness  of each spring, [elements], N/m
 * @param limit      at which each block slips, [elements], N
 */
export function slippingSprings(stiffness: Tensor, limit: Tensor): StateLaw {
  return {
    states: stiffness.shape[0],
    rate(state, v) {
      const at = v.unsqueeze(-1);
      return slipOf(state.mul(at.sign()).div(limit)).neg().add(1).mul(at).mul(stiffness);
    },
    force: (state) => state.sum(-1),
    step: (state, v, h) => state.add(v.mul(h).unsqueeze(-1).mul(stiffness)).clip(limit.neg(), limit),
  };
}
