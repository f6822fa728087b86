import type { Metrics } from "../../experiment/metrics.ts";
import type { Prediction, Trained } from "../../experiment/system.ts";
import { PondusError } from "../../graph/errors.ts";
import { stribeck } from "../../laws/friction/index.ts";
import { full, tensor, zeros } from "../../tensor/functions.ts";
import type { Samples, Scales } from "./motion.ts";
import { learnedForces, type Networks } from "./networks.ts";

/** Samples of sliding, each at least as long a way as is usual from one to the next: after them it is steady. */
const long = 400;

/** What force the laws say that steady sliding takes, at velocities in the data's units. */
export async function steadyForces(
  evaluate: Trained["evaluate"],
  networks: Networks,
  metrics: Metrics,
  velocities: readonly number[],
): Promise<Prediction> {
  const scales = metrics.scales as unknown as Scales;
  const fitted = (metrics.fitted as Record<string, Record<string, number>>).Stribeck;
  const knob = (name: string) => full([], fitted[name], "float64");
  const curve = stribeck({
    coulomb: knob("coulomb"),
    breakaway: knob("breakaway"),
    velocity: knob("velocity"),
    viscous: knob("viscous"),
  });
  const count = velocities.length;
  const steps = velocities.map((v) => scales.step * (v === 0 ? 1 : Math.max(1, scales.velocity / Math.abs(v))));
  const samples: Samples = {
    v: tensor([...velocities]).expand([long, count]),
    h: tensor(steps).expand([long - 1, count]),
    force: zeros([long, count]),
    from: 0,
  };
  const { static: plain, state, structured, hybrid } = networks;
  const found = await evaluate({
    Stribeck: curve(tensor([...velocities], { dtype: "float64" })),
    "NN(v)": learnedForces.static(plain, samples, scales).at(-1),
    "neural ODE": learnedForces.state(state, samples, scales).at(-1),
    "bristles by NN": learnedForces.structured(structured, samples, scales).at(-1),
    "LuGre + NN": learnedForces.hybrid(hybrid, samples, scales).at(-1),
  });
  return { velocity: velocities, ...Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data])) };
}

/**
 * The coefficient of friction of steady sliding, mu0 + (a - b) ln(V / V0), by both evolution laws.
 *
 * @throws `predict.input` unless velocities are above 0
 */
export function steadyFriction(metrics: Metrics, velocities: readonly number[]): Prediction {
  const odd = velocities.find((v) => !(v > 0));
  if (odd !== undefined) {
    throw new PondusError(
      "predict.input",
      `predict: rate-and-state friction is that of velocities above 0, but ${odd} came.`,
    );
  }
  const { before } = metrics.velocities as { before: number };
  const laws = metrics.laws as Record<string, Record<"mu0" | "difference", { mean: number }>>;
  const at = (name: string) =>
    velocities.map((v) => laws[name].mu0.mean + laws[name].difference.mean * Math.log(v / before));
  return { velocity: velocities, "aging law": at("aging law"), "slip law": at("slip law") };
}
