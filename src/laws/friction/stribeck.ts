import type { Tensor } from "../../tensor/tensor.ts";
import type { StaticLaw } from "./law.ts";

/** Coulomb's friction and a viscous part. */
export interface CoulombKnobs {
  /** The force of sliding that is the same at any velocity (Fc), N. */
  readonly coulomb: Tensor;
  /** What a unit of velocity adds to it (sigma2), N s/m. */
  readonly viscous: Tensor;
}

/**
 * Coulomb's law with viscous friction: F = Fc sgn(v) + sigma2 v (C. A. Coulomb, Theorie des machines simples, 1785; the
 * viscous part after O. Reynolds, Phil. Trans. R. Soc. 177, 157, 1886). At rest it is 0.
 */
export function coulomb(knobs: CoulombKnobs): StaticLaw {
  return (v) => v.sign().mul(knobs.coulomb).add(v.mul(knobs.viscous));
}

/** What makes friction fall with velocity before it rises. */
export interface StribeckKnobs extends CoulombKnobs {
  /** The force at which sliding sets in (Fs), N. */
  readonly breakaway: Tensor;
  /** The velocity over which friction falls from Fs towards Fc (vs), m/s. */
  readonly velocity: Tensor;
}

/**
 * Stribeck's curve: F = g(v) sgn(v) + sigma2 v, with g(v) = Fc + (Fs - Fc) exp(-(v / vs)^2) (R. Stribeck, Z. VDI 46, 1341, 1902;
 * in this form Armstrong-Helouvry, Dupont & Canudas de Wit, Automatica 30, 1083, 1994).
 */
export function stribeck(knobs: StribeckKnobs): StaticLaw {
  return (v) => v.sign().mul(slidingForce(knobs, v)).add(v.mul(knobs.viscous));
}

/** g(v), above 0: the force of steady sliding without its viscous part. */
export function slidingForce({ coulomb, breakaway, velocity }: Omit<StribeckKnobs, "viscous">, v: Tensor): Tensor {
  return breakaway.sub(coulomb).mul(v.div(velocity).square().neg().exp()).add(coulomb);
}
