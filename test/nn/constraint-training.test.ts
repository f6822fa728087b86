import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, defineSystem, nn, optim, tensor } from "pondus";
import { openRun, predict, train } from "pondus/experiment";
import { readSafetensors, writeSafetensors } from "pondus/io";
import { afterAll, expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";
import { everyKind, holds, weightsIn } from "../support/every-constraint.ts";

const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const file = (name: string) => join(scratch, name);

onEveryBackend((backend) => {
  test.each(["float32", "float64"] as const)(
    "%s: after 1,000 steps of Adam every constraint holds to the last bit",
    async (dtype) => {
      const net = everyKind(dtype);
      const before = [...nn.weightsOf(net)["2.weight"].read()];
      const x = tensor(
        Array.from({ length: 60 }, (_, i) => Math.sin(i * i)),
        { shape: [10, 6], dtype },
      );
      const y = tensor(
        Array.from({ length: 10 }, (_, i) => 3 * Math.cos(i)),
        { shape: [10, 1], dtype },
      );
      const loss = nn.mse(net(x), y);
      const first = (await compile(() => ({ loss })).run()).loss.item();
      // The interpreter takes long for a step.
      const steps = backend === "reference" ? 100 : 1000;
      const optimizer = optim.adamw({ learningRate: 0.05 });
      const fit = await optim.fit({ loss, optimizer, steps, parameters: net, backend });
      expect(fit.loss).toBeLessThan(0.5 * first);
      await holds(weightsIn(net), backend);
      const after = nn.weightsOf(net)["2.weight"].read();
      expect(after[1]).toBe(before[1]);
      expect(after[0]).not.toBe(before[0]);
    },
  );
});

test("L-BFGS and least squares keep constraints, and lower the loss", async () => {
  const x = tensor(
    Array.from({ length: 60 }, (_, i) => Math.sin(i * i)),
    { shape: [10, 6], dtype: "float64" },
  );
  const y = tensor(
    Array.from({ length: 10 }, (_, i) => Math.cos(i)),
    { shape: [10, 1], dtype: "float64" },
  );
  const byLbfgs = everyKind("float64");
  const loss = nn.mse(byLbfgs(x), y);
  const first = (await compile(() => ({ loss })).run()).loss.item();
  const { loss: last } = await optim.fit({ loss, optimizer: optim.lbfgs(), steps: 30, parameters: byLbfgs });
  expect(last).toBeLessThan(0.9 * first);
  await holds(weightsIn(byLbfgs));
  const bySquares = everyKind("float64");
  const done = await optim.leastSquares({ residuals: bySquares(x).sub(y), steps: 15 });
  expect(done.loss).toBeLessThan(0.9 * first);
  await holds(weightsIn(bySquares));
});

const data = (net: nn.Layer) => {
  const x = tensor(
    Array.from({ length: 60 }, (_, i) => Math.sin(i * i)),
    { shape: [10, 6] },
  );
  const y = tensor(
    Array.from({ length: 10 }, (_, i) => 3 * Math.cos(i)),
    { shape: [10, 1] },
  );
  return nn.mse(net(x), y);
};
const allWeights = (net: nn.Layer) => Object.values(nn.weightsOf(net)).map((w) => [...w.read()]);

test("weights with every kind of constraint are saved and loaded to the last bit", async () => {
  const net = everyKind();
  await optim.fit({ loss: data(net), optimizer: optim.adam({ learningRate: 0.02 }), steps: 50 });
  nn.saveWeights(net, file("a.safetensors"));
  const other = everyKind();
  nn.initialize(other, 77);
  expect(allWeights(other)).not.toEqual(allWeights(net));
  nn.loadWeights(other, file("a.safetensors"));
  expect(allWeights(other)).toEqual(allWeights(net));
  const [a, b] = [net, other].map((n) => Object.values(nn.parametersOf(n)).map((p) => [p.name, ...p.read()]));
  expect(b).toEqual(a);
  await holds(weightsIn(other));
});

test("another reader rebuilds the weights from the tensors and what the metadata say, each knob once", async () => {
  const net = everyKind();
  nn.saveWeights(net, file("b.safetensors"), { metadata: { by: "test" } });
  const { tensors, metadata } = readSafetensors(file("b.safetensors"));
  expect(metadata.by).toBe("test");
  const constraints = JSON.parse(metadata.constraints);
  const floats = Object.entries(tensors).filter(([name]) => !/\.(index|lower|upper)$/.test(name));
  expect(floats.reduce((n, [, t]) => n + t.data.length, 0)).toBe(
    Object.values(nn.parametersOf(net)).reduce((n, p) => n + p.size, 0),
  );
  for (const [name, weight] of Object.entries(nn.weightsOf(net))) {
    const c = constraints[name];
    if (!c) {
      expect(tensors[name].data).toEqual(weight.read());
      continue;
    }
    expect(c.shape).toEqual(weight.shape);
    const v = [...(tensors[c.knobs]?.data ?? [])].map((x, i) => {
      const [lo, hi] = [tensors[c.lower]?.data[i] ?? -Infinity, tensors[c.upper]?.data[i] ?? Infinity];
      const soft = Math.log1p(Math.exp(x));
      if (lo === -Infinity) return hi === Infinity ? x : hi - soft;
      return hi === Infinity ? lo + soft : lo + (hi - lo) / (1 + Math.exp(-x));
    });
    const numbers = [...v, ...(tensors[c.frozen]?.data ?? [])];
    const index = tensors[c.index]?.data ?? numbers.map((_, i) => i);
    const wanted = weight.read();
    expect(index.length).toBe(wanted.length);
    wanted.forEach((w, i) => expect(Math.abs(numbers[index[i]] - w)).toBeLessThan(1e-6));
  }
});

test("a file of all entries is taken when it keeps the constraint; else the entry is named", () => {
  const net = everyKind();
  nn.saveWeights(net, file("whole.safetensors"), { expand: true });
  const stored = readSafetensors(file("whole.safetensors"));
  expect(stored.metadata.constraints).toBeUndefined();
  expect(Object.fromEntries(Object.entries(stored.tensors).map(([n, t]) => [n, t.shape]))).toEqual({
    "0.weight": [6, 8],
    "0.bias": [8],
    "2.weight": [8, 8],
    "2.bias": [8],
    "4.weight": [8, 1],
    "4.bias": [1],
  });
  const free = nn.sequential(nn.dense(6, 8), nn.tanh, nn.dense(8, 8), nn.tanh, nn.dense(8, 1));
  nn.loadWeights(free, file("whole.safetensors"));
  expect(allWeights(free)).toEqual(allWeights(net));
  const other = everyKind();
  nn.initialize(other, 5);
  nn.loadWeights(other, file("whole.safetensors"));
  allWeights(other)
    .flat()
    .forEach((v, i) => expect(Math.abs(v - allWeights(net).flat()[i])).toBeLessThan(1e-6));
  const broken = (name: string, entry: number, value: number) => {
    const data = stored.tensors[name].data.slice();
    data[entry] = value;
    writeSafetensors(file("broken.safetensors"), {
      tensors: { ...stored.tensors, [name]: { ...stored.tensors[name], data } },
      metadata: stored.metadata,
    });
    const before = allWeights(other);
    expect(() => nn.loadWeights(other, file("broken.safetensors"))).toThrow(
      expect.objectContaining({ code: "weights.constraint" }),
    );
    expect(allWeights(other)).toEqual(before);
    return () => nn.loadWeights(other, file("broken.safetensors"));
  };
  expect(broken("2.weight", 16, 9)).toThrow(/entry \[2, 0\] is 9, but it is tied to entry \[0, 2\]/);
  expect(broken("0.weight", 5, 1)).toThrow(/entry \[0, 5\] is 1, but it is frozen at 0/);
  expect(broken("2.bias", 3, 0.2)).toThrow(/entry \[3\] is 0\.2.*, outside its bounds/);
});

test("a file of another constraint is refused, with the first entry that differs", () => {
  const make = (constrain: (w: ReturnType<typeof nn.dense>["parameters"]["weight"]) => unknown) => {
    const net = nn.dense(3, 3);
    constrain(net.parameters.weight);
    return net;
  };
  nn.saveWeights(
    make((w) => nn.tie(w, nn.symmetric)),
    file("symmetric.safetensors"),
  );
  const load = (net: nn.Layer) => () => nn.loadWeights(net, file("symmetric.safetensors"));
  expect(load(nn.dense(3, 3))).toThrow(/it is free in the model/);
  expect(load(make((w) => nn.tie(w, nn.toeplitz)))).toThrow(
    /another constraint than the model's: entry \[1, 0\] tied to \[0, 1\], not a number of its own/,
  );
  expect(load(make((w) => nn.bound(nn.tie(w, nn.symmetric), [0, 1])))).toThrow(/entry \[0, 0\] free, not in \[0, 1\]/);
  expect(load(make((w) => nn.freeze(nn.tie(w, nn.symmetric), [[1, 1]], 3)))).toThrow(
    /entry \[1, 1\] free, not frozen at 3/,
  );
  expect(load(make((w) => nn.tie(w, nn.symmetric)))).not.toThrow();
});

test("what stands at several places is saved once, and its other names are told", () => {
  const shared = nn.dense(2, 2);
  nn.tie(shared.parameters.weight, nn.circulant);
  const net = nn.sequential(shared, nn.tanh, shared);
  nn.saveWeights(net, file("shared.safetensors"));
  const { tensors, metadata } = readSafetensors(file("shared.safetensors"));
  expect(Object.keys(tensors).sort()).toEqual(["0.bias", "0.weight", "0.weight.index"]);
  expect(JSON.parse(metadata.aliases)).toEqual({ "2.weight": "0.weight", "2.bias": "0.bias" });
  const before = allWeights(net);
  nn.loadWeights(net, file("shared.safetensors"));
  expect(allWeights(net)).toEqual(before);
});

/** A page whose model has every kind of constraint. */
const page = defineSystem({
  name: "constrained",
  title: "Every kind of constraint",
  summary: "A network under every kind of constraint.",
  settings: { steps: 400, learningRate: 0.01 },
  model: () => everyKind(),
  async train(session) {
    const { loss } = await session.fit("all", {
      loss: data(session.model),
      optimizer: optim.adamw({ learningRate: session.learningRate }),
    });
    return { metrics: { loss } };
  },
  predict: async ({ model, evaluate }) => ({ y: (await evaluate({ y: model(tensor([[1, 2, 3, 4, 5, 6]])) })).y.data }),
});

test("an interrupted run goes on to the same weights, bit for bit, and its constraints hold", async () => {
  const bytes = (run: string) => Object.entries(readSafetensors(join(run, "weights.safetensors")).tensors);
  const whole = await train(page, { out: file("whole") });
  const stop = new AbortController();
  const part = await train(page, {
    out: file("part"),
    signal: stop.signal,
    onProgress: (_, { step }) => step > 0 && stop.abort(),
  });
  expect(part.status).toBe("interrupted");
  const resumed = await train(page, { resume: openRun(part.run) });
  expect(resumed.status).toBe("finished");
  expect(bytes(resumed.run)).toEqual(bytes(whole.run));
  const said = await predict(page, openRun(resumed.run), [[0]]);
  expect(Number.isFinite(said.y[0])).toBe(true);
});
