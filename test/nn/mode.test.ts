import { compile, nn, optim, random, tensor, weigh } from "pondus";
import { describe, expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

const x = tensor(
  Array.from({ length: 40 }, (_, i) => Math.sin(i)),
  { shape: [20, 2] },
);

onEveryBackend((backend) => {
  test("dropout drops a share and keeps the mean while training, and nothing after it", async () => {
    const ones = tensor(new Float32Array(20_000).fill(1));
    const layer = nn.dropout(0.3);
    const { value } = nn.training(random.key(4), () => ({ one: layer(ones), other: layer(ones) }));
    const out = await compile(() => ({ ...value, plain: layer(ones) }), {}, { backend }).run();
    const one = Array.from(out.one.data);
    const dropped = one.filter((v) => v === 0).length / one.length;
    // Four standard deviations of 20,000 draws.
    expect(Math.abs(dropped - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / 20_000));
    expect(new Set(one)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
    expect(Array.from(out.other.data)).not.toEqual(one);
    expect(new Set(Array.from(out.plain.data))).toEqual(new Set([1]));
  });

  test("a layer of one's own asks whether it is being trained", async () => {
    const jitter = nn.layer("jitter", (y) => {
      const training = nn.trainingHere();
      return training ? y.add(random.uniform(training.key(), y.shape)) : y;
    });
    const { value } = nn.training(random.key(1), () => ({ one: jitter(x), other: jitter(x) }));
    const out = await compile(() => ({ ...value, plain: jitter(x), given: x }), {}, { backend }).run();
    expect(out.plain.data).toEqual(out.given.data);
    for (const drawn of [out.one, out.other]) {
      const added = Array.from(drawn.data, (v, i) => v - out.given.data[i]);
      expect(Math.min(...added)).toBeGreaterThanOrEqual(-1e-6);
      expect(Math.max(...added)).toBeLessThanOrEqual(1 + 1e-6);
    }
    expect(out.one.data).not.toEqual(out.other.data);
  });

  test("running statistics are averaged as training goes, also where a layer stands twice", async () => {
    const layer = nn.batchNorm(2, { momentum: 0.5 });
    const { updates } = nn.training(random.key(0), () => layer(layer(x)));
    const parameters = nn.parametersOf(layer);
    expect(updates.map((u) => u.parameter)).toEqual([parameters.running_mean, parameters.running_var]);
    const program = compile(() => ({ updates, mean: x.mean(0) }), {}, { backend });
    const { mean } = await program.run();
    // First the batch's own mean, then that of what is normalized, which is 0.
    const [first] = parameters.running_mean.read();
    expect(first).toBeCloseTo(0.25 * mean.data[0], 6);
    expect(parameters.running_var.read()[0]).not.toBe(1);
  });
});

describe("training by fit", () => {
  const model = () => nn.sequential(nn.dense(2, 8), nn.batchNorm(8), nn.tanh, nn.dropout(0.2), nn.dense(8, 1));
  const target = x.sum(1, { keepDims: true });

  test("builds its loss for training, and averages running statistics; knobs are those that are learned", async () => {
    const net = model();
    const result = await optim.fit({
      loss: () => nn.mse(net(x), target),
      optimizer: optim.adam({ learningRate: 1e-2 }),
      parameters: net,
      steps: 60,
      backend: "wasm",
    });
    const { total } = weigh(net, { input: [2] }).parameters;
    expect(result.knobs).toBe(total - 16);
    expect(result.loss).toBeLessThan(result.history[0].loss);
    expect(
      nn
        .parametersOf(net)
        ["1.running_mean"].read()
        .some((v) => v !== 0),
    ).toBe(true);
  });

  test("gives back the statistics that belong to the best weights", async () => {
    const net = model();
    const result = await optim.fit({
      loss: () => nn.mse(net(x), target),
      optimizer: optim.adam({ learningRate: 1e-2 }),
      parameters: net,
      steps: 40,
      recordEvery: 1,
      // Grows with the statistics, so that the first record is best.
      validation: { loss: nn.parametersOf(net)["1.running_mean"] && statistic(net), patience: 5 },
      backend: "wasm",
    });
    expect(result.bestStep).toBe(1);
    expect(result.restored).toBe(true);
    const best = nn.parametersOf(net)["1.running_mean"].read().slice();
    expect(Math.hypot(...best)).toBeCloseTo(Math.sqrt(result.history[0].validation as number), 5);
  });

  test("resumes with its statistics, to the same weights", async () => {
    const train = async (steps: number, resume?: optim.Checkpoint) => {
      const net = model();
      nn.initialize(net, 1);
      const loss = () => nn.mse(net(x), target);
      const optimizer = optim.adam({ learningRate: 1e-2 });
      const { checkpoint } = await optim.fit({ loss, optimizer, parameters: net, steps, resume, backend: "wasm" });
      return { checkpoint, weights: Object.values(nn.parametersOf(net)).map((p) => Array.from(p.read())) };
    };
    const whole = await train(30);
    const half = await train(13);
    expect((await train(30, half.checkpoint)).weights).toEqual(whole.weights);
  });

  test.each([
    ["dropout(0.2)", () => nn.sequential(nn.dropout(0.2), nn.dense(2, 1))],
    ["batchNorm(2)", () => nn.sequential(nn.batchNorm(2), nn.dense(2, 1))],
  ])("a loss with %s as it is after training is refused, unless that is meant", async (name, make) => {
    const net = make();
    const built = nn.mse(net(x), target);
    const given = {
      optimizer: optim.adam({ learningRate: 1e-2 }),
      parameters: net,
      steps: 2,
      backend: "wasm" as const,
    };
    await expect(optim.fit({ ...given, loss: built })).rejects.toThrow(`holds ${name} as it is after training`);
    const meant = nn.evaluation(() => nn.mse(net(x), target));
    if (name.startsWith("batch")) await optim.fit({ ...given, loss: meant });
    await optim.fit({ ...given, loss: () => nn.mse(net(x), target) });
  });
});

function statistic(net: nn.Layer) {
  return net.children[1].parameters.running_mean.square().sum();
}

test.each([
  ["layer.option", () => nn.dropout(1)],
  ["layer.option", () => nn.dropout(Number.NaN)],
  ["layer.size", () => nn.batchNorm(0)],
  ["layer.option", () => nn.batchNorm(2, { momentum: 2 })],
  ["layer.input", () => nn.batchNorm(3)(x)],
  ["batchNorm.batch", () => nn.training(random.key(0), () => nn.batchNorm(40)(x.reshape([1, 40])))],
])("%s", (code, f) => {
  expect(f).toThrow(expect.objectContaining({ code }));
});
