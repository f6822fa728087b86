import type { Tensor } from "../../tensor/tensor.ts";
import type { StateLaw } from "./law.ts";
import { meanDecay } from "./relaxation.ts";
import { type CoulombKnobs, type StribeckKnobs, slidingForce } from "./stribeck.ts";

export interface DahlKnobs extends CoulombKnobs {
  /** Force to a unit of displacement before sliding (sigma), N/m. */
  readonly stiffness: Tensor;
}

/**
 * Dahl's law (P. R. Dahl, A solid friction model, Aerospace Corp. TOR-158(3107-18), 1968) with exponent 1, as for ductile
 * materials: a bristle bends by z, in m, dz/dt = v - sigma |v| z / Fc, and F = sigma z + sigma2 v; Dahl's own has no viscous part.
 * At constant velocity, over a way x from z = 0 on, z = (Fc / sigma) sgn(v) (1 - exp(-sigma |x| / Fc)).
 */
export function dahl({ stiffness, coulomb, viscous }: DahlKnobs): StateLaw {
  return bristle(stiffness, () => coulomb, undefined, viscous);
}

export interface LuGreKnobs extends StribeckKnobs {
  /** Force to a unit of bending (sigma0), N/m. */
  readonly stiffness: Tensor;
  /** Force to a unit of velocity of the bending (sigma1), N s/m. */
  readonly damping: Tensor;
}

/**
 * The LuGre law (Canudas de Wit, Olsson, Astrom & Lischinsky, IEEE Trans. Autom. Control 40, 419, 1995): bristles bend by z,
 * in m, dz/dt = v - sigma0 |v| z / g(v), and F = sigma0 z + sigma1 dz/dt + sigma2 v, where g is Stribeck's. Steady sliding gives
 * Stribeck's curve.
 */
export function lugre(knobs: LuGreKnobs): StateLaw {
  return bristle(knobs.stiffness, (v) => slidingForce(knobs, v), knobs.damping, knobs.viscous);
}

/**
 * Both laws are linear in z, so that the step at a constant velocity is exact: with x = sigma |v| h / g(v),
 * z(h) = z(0) exp(-x) + v h (1 - exp(-x)) / x.
 */
function bristle(
  stiffness: Tensor,
  sliding: (v: Tensor) => Tensor,
  damping: Tensor | undefined,
  viscous: Tensor,
): StateLaw {
  /** One over the way along which the bending is forgotten. */
  const forgetting = (v: Tensor) => v.abs().mul(stiffness).div(sliding(v));
  const bending = (z: Tensor, v: Tensor) => v.sub(forgetting(v).mul(z));
  return {
    states: 1,
    rate: (state, v) => bending(state.squeeze(-1), v).unsqueeze(-1),
    force(state, v) {
      const z = state.squeeze(-1);
      const elastic = z.mul(stiffness).add(v.mul(viscous));
      return damping ? elastic.add(bending(z, v).mul(damping)) : elastic;
    },
    step(state, v, h) {
      const x = forgetting(v).mul(h);
      return state
        .squeeze(-1)
        .mul(x.neg().exp())
        .add(v.mul(h).mul(meanDecay(x)))
        .unsqueeze(-1);
    },
  };
}
