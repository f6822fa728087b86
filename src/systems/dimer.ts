import { evenly } from "../experiment/report/plot.ts";
import { defineSystem } from "../experiment/system.ts";
import { PondusError } from "../graph/errors.ts";
import * as nn from "../nn/index.ts";
import * as optim from "../optim/index.ts";
import { concat, tensor } from "../tensor/functions.ts";
import { parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { argonDimer } from "./dimer/tang-toennies.ts";

/** Hidden units. */
const width = 12;
const float64 = { dtype: "float64" } as const;

/** Training distances, in angstrom; validation takes those halfway between; the error is measured everywhere. */
const distances = evenly(3, 12, 181);
const halfway = evenly(3.025, 11.975, 180);
const between = evenly(3, 12, 1801);

/** The plot begins behind the steep wall, or the well would vanish beside it. */
const wall = between.findIndex((r) => r >= 3.35);
const shown = between.slice(wall).filter((_, i) => i % 40 === 0);

export type Dimer = { eta: Tensor; hidden: nn.Layer; output: nn.Layer };

/**
 * The energy of two argon atoms from their distance, in the smallest form that a neural network potential has:
 * G = exp(-eta r^2), h_k = tanh(w_k G + b_k), energy = sum_k a_k h_k. Far apart G is 0, so the biases alone are left:
 * sum_k a_k tanh(b_k) is the energy of the isolated atoms, the baseline.
 */
export default defineSystem({
  name: "dimer",
  title: "The argon dimer",
  summary: "A network of one symmetry function and one hidden layer learns the Tang-Toennies curve of two argon atoms.",
  settings: { learningRate: 3e-2 },
  optimizers: {
    lm: { steps: 1000 },
    lbfgs: { steps: 5000 },
    newton: { steps: 300 },
    natural: { steps: 300 },
    adam: { steps: 30_000 },
  },

  model: atomPair,

  network: (model) => ({ input: [], apply: (r) => bond(model, r) }),

  async train({ model, steps, learningRate: rate, minimize, evaluate }) {
    const meanSquare = (r: number[]) => errorsAt(model, r).square().mean();
    await minimize("energy", {
      residuals: bondErrors(model),
      observations: distances.length,
      validation: { loss: meanSquare(halfway), train: meanSquare(distances) },
      damping: 100,
      adam: () => optim.adam({ learningRate: optim.schedules.cosine({ initial: rate, steps }) }),
    });

    const values = await evaluate({
      energy: bond(model, tensor(between, float64)),
      baseline: baseline(model),
      far: energy(model, tensor([1e6], float64)),
      eta: model.eta,
    });
    const misses = between.map((r, i) => values.energy.data[i] - argonDimer.energy(r));
    const rmse = Math.sqrt(misses.reduce((sum, e) => sum + e * e, 0) / misses.length);
    const deepest = values.energy.data.indexOf(Math.min(...values.energy.data));
    const { depth } = argonDimer.well;
    return {
      metrics: {
        rmse,
        percentOfWell: (100 * rmse) / depth,
        baseline: values.baseline.item(),
        energyAt1e6: values.far.item(),
        eta: values.eta.item(),
        well: { r: between[deepest], depth: -values.energy.data[deepest] },
        exactWell: argonDimer.well,
      },
      plots: [
        {
          title: "Energy of two argon atoms",
          x: { label: "distance (angstrom)" },
          y: { label: "energy (kcal/mol)" },
          series: [
            { name: "Tang-Toennies", kind: "dots", x: shown, y: shown.map(argonDimer.energy) },
            { name: "network", kind: "line", x: between.slice(wall), y: values.energy.data.slice(wall) },
          ],
        },
        {
          title: "Error",
          x: { label: "distance (angstrom)" },
          y: { label: "network minus exact (kcal/mol)" },
          series: [{ name: "error", kind: "line", x: between, y: misses }],
        },
      ],
    };
  },

  async predict({ model, evaluate }, inputs) {
    const r = inputs.flat();
    const odd = r.find((x) => !(x > 0));
    if (odd !== undefined) {
      throw new PondusError("predict.input", `predict: a distance is positive, in angstrom, but ${odd} came.`);
    }
    const { energy } = await evaluate({ energy: bond(model, tensor(r, float64)) });
    return { r, energy: energy.data, exact: r.map(argonDimer.energy) };
  },

  explain: ({ model }) => ({
    // With the isolated atoms in it, which no symmetry changes.
    network: nn.sequential(
      nn.layer("symmetry function", (r) => symmetryFunction(model, r), {
        name: "exp(-eta r^2)",
        parameters: { eta: model.eta },
      }),
      model.hidden,
      nn.tanh,
      model.output,
    ),
    inputs: tensor(distances, float64).reshape([-1, 1]),
    inputNames: ["r"],
    outputNames: ["energy"],
    residuals: bondErrors(model),
  }),
});

/** The network and the width of its symmetry function. */
export function atomPair(): Dimer {
  return {
    eta: parameter([], 0.08, float64),
    hidden: nn.dense(1, width, { init: nn.init.normal(8), biasInit: nn.init.uniform(-3, 3), ...float64 }),
    output: nn.dense(width, 1, { bias: false, init: nn.init.normal(0.3), ...float64 }),
  };
}

/**
 * What training makes small: the errors in kcal/mol at all distances, and behind them the weights, very lightly, for
 * without that single ones run off to thousands.
 */
export function bondErrors(model: Dimer): Tensor {
  const knobs = [model.hidden.parameters.weight, model.hidden.parameters.bias, model.output.parameters.weight];
  return concat([errorsAt(model, distances), ...knobs.map((w) => w.flatten().mul(3e-6))]);
}

function errorsAt(model: Dimer, r: number[]): Tensor {
  return bond(model, tensor(r, float64)).sub(tensor(r.map(argonDimer.energy), float64));
}

/** The network's own output, with the isolated atoms in it. */
function energy(model: Dimer, r: Tensor): Tensor {
  const { hidden, output } = model;
  return output(hidden(symmetryFunction(model, r).reshape([-1, 1])).tanh()).flatten();
}

function symmetryFunction({ eta }: Dimer, r: Tensor): Tensor {
  return r.square().mul(eta).neg().exp();
}

/** What the biases alone give: sum_k a_k tanh(b_k). */
function baseline({ hidden, output }: Dimer): Tensor {
  return output(hidden.parameters.bias.tanh().reshape([1, -1])).reshape([]);
}

/** The energy of the bond: what is left when the isolated atoms are taken off, exactly 0 far apart. */
function bond(model: Dimer, r: Tensor): Tensor {
  return energy(model, r).sub(baseline(model));
}
