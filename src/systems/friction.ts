import { defineSystem } from "../experiment/system.ts";
import { simulateBench, trueKnobs, trueLaw } from "./friction/bench.ts";
import { learnMotion } from "./friction/compare.ts";
import { frictionNetworks, type Memory, memory, type Networks } from "./friction/networks.ts";
import { type Measured, readFriction } from "./friction/read.ts";
import { steadyForces, steadyFriction } from "./friction/steady.ts";
import { learnStep } from "./friction/step-compare.ts";

/** Networks for a motion to and fro, or the one for a velocity step. */
type FrictionModel = Networks | { readonly step: Memory };

/**
 * Laws of friction, each fitted to a motion and judged on another that differs: without memory (Coulomb, Stribeck, a network), and
 * with it (Dahl, LuGre, generalised Maxwell-slip, networks with an inner state). The page's own data are simulated, not measured: a
 * bench whose friction is LuGre's with springs that slip beside it, with noise on the forces. `--data` takes measured
 * motions, and velocity steps of rock, to which rate-and-state friction is fitted.
 */
export default defineSystem<FrictionModel, Measured | undefined>({
  name: "friction",
  title: "Laws of friction",
  summary:
    "Networks with and without memory learn the friction of a simulated bench, beside Stribeck, Dahl, LuGre and Maxwell-slip.",
  read: readFriction,
  settings: { steps: 12_000, learningRate: 1.5e-2 },
  quick: { steps: 1000 },

  model: (data) => (data && "step" in data ? { step: memory() } : frictionNetworks()),

  network(model) {
    const { change } = "step" in model ? model.step : model.state;
    return { input: change.takes, apply: change };
  },

  async train(session) {
    const { data, model } = session;
    if (data && "step" in data && "step" in model) return learnStep(session, model.step, data.step);
    const networks = model as Networks;
    if (data && "motion" in data) return learnMotion(session, networks, data.motion);
    const { experiment, noise } = await simulateBench(session.evaluate);
    return learnMotion(session, networks, experiment, { law: trueLaw(), knobs: trueKnobs, noise });
  },

  /** What steady sliding at these velocities takes. */
  predict({ model, metrics, evaluate }, inputs) {
    if ("step" in model) return steadyFriction(metrics, inputs.flat());
    return steadyForces(evaluate, model, metrics, inputs.flat());
  },
});
