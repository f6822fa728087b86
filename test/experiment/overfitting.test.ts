import { compile, nn, optim, parameter, parameterOf, random, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";

const float64 = { dtype: "float64" } as const;

/** A sine with noise at 12 places, and the true sine between them, for a network of 97 knobs. */
function tooFree(dtype: "float32" | "float64" = "float32") {
  const net = nn.sequential(nn.dense(1, 32, { dtype }), nn.tanh, nn.dense(32, 1, { dtype }));
  nn.initialize(net, 7);
  const column = (xs: number[]) => tensor(xs, { dtype }).reshape([-1, 1]);
  // Noise of a fixed pattern, with a standard deviation of about 0.3.
  const noise = [0.41, -0.33, 0.12, -0.45, 0.38, 0.05, -0.29, 0.44, -0.18, -0.37, 0.31, -0.09];
  const x = noise.map((_, i) => i / 5.5 - 1);
  const between = Array.from({ length: 60 }, (_, i) => i / 30 - 59 / 60);
  const error = (xs: number[], added: readonly number[] = []) =>
    net(column(xs).mul(3)).sub(column(xs.map((v, i) => Math.sin(3 * v) + (added[i] ?? 0))));
  return {
    net,
    errors: error(x, noise),
    loss: error(x, noise).square().mean(),
    unseen: error(between).square().mean(),
  };
}

const knobs = (net: nn.Model) => Object.values(nn.parametersOf(net)).map((p) => [...p.read()]);
const at = (history: readonly optim.TrainingRecord[], step: number | undefined) =>
  history.find((r) => r.step === step) as Required<optim.TrainingRecord>;

describe("a network that is too free for its data", () => {
  const settings = { optimizer: optim.adam({ learningRate: 0.02 }), recordEvery: 50, steps: 6000 };

  test("memorises: training falls, validation rises after its best, the gap grows", async () => {
    const { loss, unseen } = tooFree();
    const r = await optim.fit({ ...settings, loss, validation: { loss: unseen } });
    const [best, last] = [at(r.history, r.bestStep), at(r.history, 6000)];
    expect(r).toMatchObject({ stopped: "finished", restored: false, knobs: 97 });
    expect(r.bestStep).toBeLessThan(3000);
    expect(last.train).toBeLessThan(0.5 * best.train);
    expect(last.validation).toBeGreaterThan(1.5 * best.validation);
    expect(last.gap).toBeGreaterThan(best.gap);
    for (const { train, validation, gap } of r.history) expect(gap).toBe(validation! - train!);
  });

  test("patience stops early and restores the best weights: validation is the recorded best to the last bit", async () => {
    const { net, loss, unseen } = tooFree();
    const r = await optim.fit({ ...settings, loss, validation: { loss: unseen, patience: 10 } });
    expect(r).toMatchObject({ stopped: "early", restored: true });
    expect(r.steps).toBe(r.bestStep! + 500);
    const { validation } = await compile(() => ({ train: loss, validation: unseen })).run();
    expect(validation.item()).toBe(at(r.history, r.bestStep).validation);
    expect(Math.min(...r.history.map((h) => h.validation!))).toBe(validation.item());

    const again = tooFree();
    const stop = new AbortController();
    const given = { ...settings, loss: again.loss, validation: { loss: again.unseen, patience: 10 } };
    const onProgress = ({ step }: optim.Progress) => step > r.bestStep! && stop.abort();
    const broken = await optim.fit({ ...given, signal: stop.signal, onProgress });
    expect(broken).toMatchObject({ stopped: "interrupted", restored: false });
    const resumed = await optim.fit({ ...given, resume: structuredClone(broken.checkpoint) });
    expect(resumed.checkpoint).toEqual(r.checkpoint);
    expect(knobs(again.net)).toEqual(knobs(net));
  });

  test("least squares does the same after accepted steps, resumed or not", async () => {
    const { net, errors, unseen } = tooFree("float64");
    const given = { residuals: errors, validation: { loss: unseen, patience: 15 }, steps: 300 };
    const r = await optim.leastSquares(given);
    expect(r).toMatchObject({ stopped: "early", restored: true, knobs: 97, observations: 12 });
    const [best, last] = [at(r.history, r.bestStep), r.history.at(-1) as Required<optim.TrainingRecord>];
    expect(last.train).toBe(r.loss);
    expect(last.train).toBeLessThan(best.train);
    expect(last.validation).toBeGreaterThan(best.validation);
    expect((await compile(() => ({ validation: unseen })).run()).validation.item()).toBe(best.validation);

    const again = tooFree("float64");
    const stop = new AbortController();
    const same = { ...given, residuals: again.errors, validation: { loss: again.unseen, patience: 15 } };
    const onProgress = ({ step }: optim.Progress) => step === r.steps - 3 && stop.abort();
    const broken = await optim.leastSquares({ ...same, signal: stop.signal, onProgress });
    expect(broken).toMatchObject({ stopped: "interrupted", restored: false });
    const resumed = await optim.leastSquares({ ...same, resume: structuredClone(broken.checkpoint) });
    expect(resumed.history).toEqual(r.history);
    expect(knobs(again.net)).toEqual(knobs(net));
  });
});

describe("train and validation are compared at the same weights", () => {
  // w moves by exactly 1 a step, from 0.
  const march = () => {
    const w = parameter([], 0, { name: "w" });
    return { w, loss: w.mul(-1) };
  };
  const settings = { optimizer: optim.sgd({ learningRate: 1 }), recordEvery: 2, steps: 4 };

  test("the loss is the last step's, train is that of the weights which it left", async () => {
    const { w, loss } = march();
    const { history } = await optim.fit({ ...settings, loss, validation: { loss: w.mul(2) } });
    expect(history).toEqual([
      { step: 2, loss: -1, train: -2, validation: 4, gap: 6 },
      { step: 4, loss: -3, train: -4, validation: 8, gap: 12 },
    ]);
  });

  test("a loss that draws batches is judged on the batch of the next step", async () => {
    const { w } = march();
    const loss = ({ step }: { step: Tensor }) => w.mul(-1).add(step.cast("float32").mul(100));
    const { history } = await optim.fit({ ...settings, loss, validation: { loss: w } });
    expect(history.map((r) => [r.loss, r.train])).toEqual([
      [99, 198],
      [297, 396],
    ]);
  });

  test("where the training loss holds more than errors, the page says what to compare", async () => {
    const { w, loss } = march();
    const r = await optim.fit({ ...settings, loss: loss.add(w.mul(0)), validation: { loss: w, train: w.mul(0.5) } });
    expect(r.history.at(-1)).toMatchObject({ train: 2, validation: 4, gap: 2 });
  });

  test("a validation loss that is none is refused", async () => {
    const { loss } = march();
    const many = optim.fit({ ...settings, loss, validation: { loss: tensor([1, 2]) } });
    await expect(many).rejects.toThrow(/validation\.loss should be a tensor of one float, but float32 \[2\] came/);
  });

  test("Infinity never stops and never restores", async () => {
    const { w, loss } = march();
    const validation = { loss: w, patience: Number.POSITIVE_INFINITY };
    const r = await optim.fit({ ...settings, loss, validation });
    expect(r).toMatchObject({ stopped: "finished", bestStep: 2, restored: false });
    expect(parameterOf(w)!.read()[0]).toBe(4);
  });
});

describe("knobs and numbers", () => {
  const one = { optimizer: optim.sgd({ learningRate: 0 }), steps: 1 };
  const w = parameter([3, 2], 1);
  const targets = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);

  test("losses of nn count what they compare with, a penalty does not", async () => {
    const loss = nn.mse(w, targets).mul(0.5).add(w.square().mean());
    expect(await optim.fit({ ...one, loss })).toMatchObject({ knobs: 6, observations: 6 });
    const labels = tensor([0, 1, 1], { dtype: "int32" });
    expect(await optim.fit({ ...one, loss: nn.crossEntropy(w, labels) })).toMatchObject({ observations: 3 });
    const each = nn.huber(w, targets, { reduction: "none" });
    expect(await optim.fit({ ...one, loss: each.sum(1).mean() })).toMatchObject({ observations: 6 });
  });

  test("where nobody can tell, the page may", async () => {
    const own = w.sub(targets).abs().sum().square();
    expect((await optim.fit({ ...one, loss: own })).observations).toBeUndefined();
    expect((await optim.fit({ ...one, loss: own, observations: 6 })).observations).toBe(6);
    const batches = ({ key }: { key: Tensor }) => nn.mse(w, random.uniform(key, [3, 2]));
    expect((await optim.fit({ ...one, loss: batches })).observations).toBeUndefined();
    await expect(optim.fit({ ...one, loss: own, observations: 0 })).rejects.toThrow(/observations must be a whole/);
  });

  test("least squares has its residuals", async () => {
    const x = parameter([2], 1, float64);
    expect(await optim.leastSquares({ residuals: x.sub(1) })).toMatchObject({ knobs: 2, observations: 2 });
    expect(await optim.leastSquares({ residuals: x.sub(1), observations: 1 })).toMatchObject({ observations: 1 });
  });
});

describe("holdOut", () => {
  const rows = Array.from({ length: 19 }, (_, i) => i);

  test("every fourth row, but neither the first nor the last", () => {
    expect(optim.holdOut(rows, { every: 4 }).validation).toEqual([4, 8, 12, 16]);
    expect(optim.holdOut(rows.slice(0, 17), { every: 4 }).validation).toEqual([4, 8, 12]);
    expect(optim.holdOut(rows, { every: 4 }).train).toHaveLength(15);
  });

  test("a share by chance: the same for a seed, whole and in order", () => {
    const { train, validation } = optim.holdOut(rows, { fraction: 0.3, seed: 2 });
    expect(validation).toHaveLength(6);
    expect([...train, ...validation].sort((a, b) => a - b)).toEqual(rows);
    expect([...train].sort((a, b) => a - b)).toEqual(train);
    expect(optim.holdOut(rows, { fraction: 0.3, seed: 2 })).toEqual({ train, validation });
    expect(optim.holdOut(rows, { fraction: 0.3, seed: 3 }).validation).not.toEqual(validation);
  });

  test("says when nothing is left", () => {
    expect(() => optim.holdOut([1, 2, 3], { every: 4 })).toThrow(/3 rows leave 3 to train on and 0 to validate/);
    expect(() => optim.holdOut(rows, { every: 1 })).toThrow(/every must be a whole number from 2, but 1 came/);
    expect(() => optim.holdOut(rows, { fraction: 1 })).toThrow(/fraction must lie between 0 and 1, but 1 came/);
  });
});
