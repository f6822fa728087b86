import { forcesAlong, lugre, meanDecay } from "../../laws/friction/index.ts";
import * as nn from "../../nn/index.ts";
import { concat, stack, zeros } from "../../tensor/functions.ts";
import { parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Samples, Scales } from "./motion.ts";

/** Inner states of a network with memory, and hidden units of each part. */
const states = 4;
const hidden = 24;

/** Of a network with memory: how its state changes, and which force it gives. */
export type Memory = { readonly change: nn.Layer; readonly force: nn.Layer };

export type Networks = {
  readonly static: nn.Layer;
  readonly state: Memory;
  readonly structured: Memory;
  readonly hybrid: Memory & { readonly knobs: Tensor };
};

/** What a network sees of a velocity: itself and, so that slow and fast are told apart, its logarithm with its sign. */
const features = 3;

/** A neural ODE's two parts. */
export function memory(inputs = states + features, outputs = 2 * states): Memory {
  return {
    change: nn.sequential(nn.dense(inputs, hidden), nn.tanh, nn.dense(hidden, outputs)),
    force: nn.sequential(nn.dense(inputs, hidden), nn.tanh, nn.dense(hidden, 1)),
  };
}

export function frictionNetworks(): Networks {
  return {
    static: nn.sequential(nn.dense(features, 24), nn.tanh, nn.dense(24, 24), nn.tanh, nn.dense(24, 1)),
    state: memory(),
    structured: memory(states + features, states),
    hybrid: {
      ...memory(states + 1 + features, 2 * states),
      knobs: parameter([lugreKnobs.length], 0, { name: "lugre" }),
    },
  };
}

/** Logarithms of LuGre's knobs, in this order, as the hybrid keeps them. */
export const lugreKnobs = ["coulomb", "breakaway", "velocity", "viscous", "stiffness", "damping"] as const;

function seen(v: Tensor, scales: Scales): Tensor {
  const scaled = v.div(scales.velocity);
  const size = scaled.abs().mul(20).log1p().div(3);
  return stack([scaled, size.mul(scaled.sign()), size], -1);
}

/** The force [samples, ...] at velocities [samples, ...], in the data's units, of each network. */
export const learnedForces = {
  /** F = NN(v). */
  static: (net: nn.Layer, { v }: Samples, scales: Scales) => net(seen(v, scales)).squeeze(-1).mul(scales.force),

  /**
   * A neural ODE, dz/dt = lambda(z, v) (c(z, v) - z) with lambda and c by one network, lambda above 0: any rate can be written
   * so, and its step at lambda and c that stay the same is exact, however large lambda.
   */
  state: ({ change, force }: Memory, { v, h }: Samples, scales: Scales) =>
    forcesAlong(
      {
        step: (z, v, h) => relax(change(concat([z, seen(v, scales)], -1)), z, h.div(scales.step)),
        force: (z, v) =>
          force(concat([z, seen(v, scales)], -1))
            .squeeze(-1)
            .mul(scales.force),
      },
      zeros([...v.shape.slice(1), states]),
      v,
      h,
    ),

  /**
   * The same with a form like Dahl's and LuGre's given: dz/dt = v - |v| softplus(NN(z, v)) z, for each of several z, which change
   * with the way alone.
   */
  structured: ({ change, force }: Memory, { v, h }: Samples, scales: Scales) =>
    forcesAlong(
      {
        step(z, v, h) {
          const way = v.mul(h.div(scales.velocity * scales.step * stiff)).unsqueeze(-1);
          const x = change(concat([z, seen(v, scales)], -1))
            .softplus()
            .mul(way.abs());
          return z.mul(x.neg().exp()).add(way.mul(meanDecay(x)));
        },
        force: (z, v) =>
          force(concat([z, seen(v, scales)], -1))
            .squeeze(-1)
            .mul(scales.force),
      },
      zeros([...v.shape.slice(1), states]),
      v,
      h,
    ),

  /** LuGre's law, and a network with memory for what it leaves: this also sees LuGre's bristle. */
  hybrid({ change, force, knobs }: Networks["hybrid"], { v, h }: Samples, scales: Scales) {
    const values = Object.fromEntries(lugreKnobs.map((name, i) => [name, knobs.at(i).exp()]));
    const law = lugre(values as { [K in (typeof lugreKnobs)[number]]: Tensor });
    const bent = (z: Tensor) => z.mul(values.stiffness.div(scales.force));
    const parts = (z: Tensor) => [z.slice(0, 1, -1), z.slice(1, undefined, -1)];
    const inputs = (z: Tensor, v: Tensor) => concat([bent(parts(z)[0]), parts(z)[1], seen(v, scales)], -1);
    return forcesAlong(
      {
        step: (z, v, h) =>
          concat([law.step(parts(z)[0], v, h), relax(change(inputs(z, v)), parts(z)[1], h.div(scales.step))], -1),
        force: (z, v) => law.force(parts(z)[0], v).add(force(inputs(z, v)).squeeze(-1).mul(scales.force)),
      },
      zeros([...v.shape.slice(1), states + 1]),
      v,
      h,
    );
  },
};

/** In units of the root mean square of the way between two samples. */
const stiff = 4;

/** The relaxation of `learnedForces.state` over `h` samples. */
function relax(change: Tensor, z: Tensor, h: Tensor): Tensor {
  const lambda = change.slice(0, states, -1).softplus();
  const target = change.slice(states, undefined, -1);
  const left = lambda.mul(h.unsqueeze(-1)).neg().exp();
  return target.add(z.sub(target).mul(left));
}
