import { evenly } from "../experiment/report/plot.ts";
import { defineSystem } from "../experiment/system.ts";
import { Stream } from "../graph/random/stream.ts";
import * as nn from "../nn/index.ts";
import * as optim from "../optim/index.ts";
import { sigmoid, tensor } from "../tensor/functions.ts";

/** The neuron that the data are simulated from: it fires with chance sigmoid(w x + b), so from x = 0.5 rather yes than no. */
const truth = { w: 8, b: -4 };

/** Simulated, not measured: stimuli from 0 to 1, and whether the neuron fired. */
function simulate(count: number, seed: number) {
  const random = new Stream(seed, "simulation");
  const stimulus = evenly(0, 1, count);
  const fired = stimulus.map((x) => Number(random.uniform() < 1 / (1 + Math.exp(-(truth.w * x + truth.b)))));
  return { stimulus, fired };
}

/** One weighted sum, one bias, one bend: the smallest network, and every larger one is made of it. */
export default defineSystem({
  name: "neuron",
  title: "One neuron",
  summary: "Weight, bias and sigmoid learn from 200 simulated trials how strong a stimulus makes a neuron fire.",
  data: { ...simulate(200, 1943), unseen: simulate(200, 1944) },
  settings: { steps: 2000, learningRate: 0.1 },

  model: () => nn.dense(1, 1),

  async train(session) {
    const { model, data, learningRate: rate, evaluate } = session;
    const x = tensor(data.stimulus).reshape([-1, 1]);
    const fired = tensor(data.fired).reshape([-1, 1]);
    const unseen = tensor(data.unseen.stimulus).reshape([-1, 1]);
    await session.fit("neuron", {
      loss: nn.bceWithLogits(model(x), fired),
      validation: { loss: nn.bceWithLogits(model(unseen), tensor(data.unseen.fired).reshape([-1, 1])) },
      optimizer: optim.adam({ learningRate: rate }),
    });

    const dense = evenly(0, 1, 101);
    const { weight, bias } = model.parameters;
    const values = await evaluate({
      weight,
      bias,
      loss: nn.bceWithLogits(model(x), fired),
      right: model(x).gt(0).eq(fired.gt(0.5)).cast("float32").mean(),
      curve: sigmoid(model(tensor(dense).reshape([-1, 1]))),
    });
    const [w, b] = [values.weight.item(), values.bias.item()];
    return {
      metrics: {
        w,
        b,
        threshold: -b / w,
        loss: values.loss.item(),
        accuracy: values.right.item(),
        truth: { ...truth, threshold: -truth.b / truth.w },
      },
      plots: [
        {
          title: "The chance to fire: sigmoid(w x + b)",
          x: { label: "stimulus x" },
          y: { label: "chance to fire" },
          series: [
            { name: "trials (simulated)", kind: "dots", x: data.stimulus, y: data.fired },
            { name: "learned", kind: "line", x: dense, y: values.curve.data },
            {
              name: "truth",
              kind: "line",
              x: dense,
              y: dense.map((s) => 1 / (1 + Math.exp(-(truth.w * s + truth.b)))),
            },
          ],
        },
      ],
    };
  },

  async predict({ model, evaluate }, inputs) {
    const stimulus = inputs.flat();
    const { chance } = await evaluate({ chance: sigmoid(model(tensor(stimulus).reshape([-1, 1]))) });
    return { stimulus, chance: chance.data };
  },

  explain: ({ model, data }) => ({
    network: model,
    inputs: tensor(data.stimulus).reshape([-1, 1]),
    inputNames: ["stimulus"],
    outputNames: ["logit of the chance to fire"],
  }),
});
