import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, grad, nn, optim } from "pondus";
import { type Metrics, openRun, type Plot, predict, restoreModel, train } from "pondus/experiment";
import { neuron, yeast } from "pondus/systems";
import { afterAll, expect, test } from "vitest";
import { scaled } from "../../src/experiment/data/scaled-series.ts";
import { bandOf, clipEachMember } from "../../src/systems/yeast/ensemble.ts";
import { growthErrors, growthModel } from "../../src/systems/yeast/growth-model.ts";
import { blockOf, lossInBlocks } from "../../src/systems/yeast/member-blocks.ts";
import { carlson } from "../../src/systems/yeast/series.ts";

const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const out = (name: string) => join(scratch, name);

const mse = (model: ReturnType<typeof growthModel>) => growthErrors(model, scaled(carlson)).square().mean();

test.each([
  ["network", 6],
  ["hybrid", 4],
  ["augmented", 5],
] as const)("%s, %i members: in blocks the loss and its gradient are those of one piece", async (law, members) => {
  const model = growthModel(scaled(carlson), "float64", { law, members });
  nn.initialize(model, 3);
  const block = growthModel(scaled(carlson), "float64", { law, members: blockOf(members) });
  const knobs = Object.values(nn.parametersOf(model));
  const inBlocks = lossInBlocks(model, block, mse);
  const { start, rate } = model;
  const weight = Object.values(nn.weightsOf(rate)).length > 0 ? firstWeight(rate) : start;
  const r = await compile(
    () => ({
      whole: mse(model),
      parts: inBlocks,
      slope: grad(mse(model), weight),
      slopeOfParts: grad(inBlocks, weight),
    }),
    {},
  ).run();
  expect(knobs.every((p) => p.shape[0] === members)).toBe(true);
  expect(r.parts.item() / r.whole.item()).toBeCloseTo(1, 12);
  const most = Math.max(...Array.from(r.slope.data, Math.abs));
  r.slope.data.forEach((g, i) => expect(Math.abs(g - r.slopeOfParts.data[i])).toBeLessThan(1e-12 * most));
});

/** The first knobs of a layer that are its own. */
function firstWeight(layer: nn.Layer): nn.Layer["parameters"][string] {
  const [own] = Object.values(layer.parameters);
  return own ?? firstWeight(Object.values(layer.children)[0]);
}

test("with the same start a member trains as a network that is alone, clipped by its own gradient", async () => {
  const members = 3;
  const model = growthModel(scaled(carlson), "float64", { members });
  nn.initialize(model, 5);
  const together = Object.values(nn.weightsOf(model));
  const part = (values: ArrayLike<number>, m: number) => {
    const size = values.length / members;
    return Array.from({ length: size }, (_, i) => values[m * size + i]);
  };
  const starts = Array.from({ length: members }, (_, m) => together.map((w) => part(w.read(), m)));
  expect(starts[0][0]).not.toEqual(starts[1][0]);
  // So tight a limit binds, and not in all members alike.
  const settings = { steps: 40 };
  const adam = (clip: optim.Clip) => optim.sgd({ learningRate: 0.3, clip });
  const block = growthModel(scaled(carlson), "float64", { members: blockOf(members) });
  await optim.fit({
    ...settings,
    loss: lossInBlocks(model, block, mse),
    parameters: model,
    optimizer: adam(clipEachMember(0.05, members)),
  });
  for (let m = 0; m < members; m++) {
    const alone = growthModel(scaled(carlson), "float64");
    const own = Object.values(nn.weightsOf(alone));
    for (const [i, w] of own.entries()) w.write(starts[m][i]);
    await optim.fit({ ...settings, loss: mse(alone), optimizer: adam(optim.clipByGlobalNorm(0.05)) });
    for (const [i, w] of own.entries()) {
      const there = part(together[i].read(), m);
      w.read().forEach((x, j) => expect(Math.abs(x - there[j])).toBeLessThan(1e-9));
    }
  }
});

test("the band is that of NumPy's percentiles, for each state at each time", () => {
  // numpy.percentile([3, 1, 4, 1, 5, 9], [10, 90]) is [1.0, 7.0].
  const paths = [3, 1, 4, 1, 5, 9].map((value) => [[value, 2 * value]]);
  expect(bandOf(paths)).toEqual({ mean: [[23 / 6, 23 / 3]], low: [[1, 2]], high: [[7, 14]] });
});

test("an ensemble: a band in metrics, plots and answers; the same weights after a break", async () => {
  const settings = { ensemble: 4, steps: 60, seed: 2 } as const;
  const straight = await train(yeast, { ...settings, out: out("straight") });
  const { metrics = {}, plots } = straight;
  const number = expect.any(Number);
  const apart = { rmse: { mean: number, spread: number }, width: number, inside: number };
  expect(metrics.ensemble).toEqual({ members: 4, ...apart, forecast: apart, heldOut: apart });
  const { rmse } = metrics.ensemble as Metrics & { rmse: { mean: number; spread: number } };
  expect(rmse.spread).toBeGreaterThan(0);
  expect(straight).toMatchObject({ parameters: 4 * 1154, options: { ensemble: 4, law: "network", steps: 60 } });
  for (const plot of plots as Plot[]) {
    const [line, band] = ["line", "band"].map((kind) => plot.series.find((s) => s.kind === kind));
    expect(band?.name).toBe("10 % to 90 % of members");
    expect(band?.group).toBe(line?.group);
    Array.from(band?.y ?? []).forEach((low, i) => expect(low).toBeLessThanOrEqual(band?.y2?.[i] as number));
  }
  const answer = await predict(yeast, openRun(straight.run), [[0], [20]]);
  expect(Object.keys(answer)).toEqual(["hours", "yeast", "yeast, 10 %", "yeast, 90 %", "logistic"]);
  expect(answer["yeast, 10 %"][1]).toBeLessThan(answer["yeast, 90 %"][1]);
  expect(readFileSync(join(straight.run, "report.html"), "utf8")).toContain("4 networks");

  const stop = new AbortController();
  const onProgress = (fit: string, { step }: optim.Progress) => fit === "held-out" && step > 2 && stop.abort();
  const broken = await train(yeast, { ...settings, out: out("broken"), signal: stop.signal, onProgress });
  expect(broken.status).toBe("interrupted");
  const resumed = await train(yeast, { resume: openRun(broken.run) });
  expect(resumed.metrics).toEqual(metrics);
  const weights = (run: string) => readFileSync(join(run, "weights.safetensors"));
  expect(weights(resumed.run)).toEqual(weights(straight.run));
});

test("the first member starts as a single network does with the same seed; the others elsewhere", async () => {
  const runs = await Promise.all(
    [undefined, 3].map((ensemble) =>
      train(yeast, { ensemble, steps: 1, learningRate: 1e-9, out: out(`first-${ensemble}`) }),
    ),
  );
  const [one, many] = runs.map(({ run }) => {
    const { model } = restoreModel(yeast, openRun(run));
    return Object.values(nn.weightsOf(model))[0].read();
  });
  one.forEach((w, i) => expect(many[i]).toBeCloseTo(w, 6));
  expect(many[one.length]).not.toBeCloseTo(one[0], 6);
});

test.each([
  [{ ensemble: -3 }, /^train: ensemble must be a whole number from 2 to 1,000, but -3 came/],
  [{ ensemble: 2.5 }, /but 2\.5 came/],
  [{ ensemble: 5, optimizer: "lm" }, /^--ensemble: lm would take one step for all members.*leave --optimizer out/],
  [{ ensemble: 5, law: "classical" }, /^--ensemble: the law alone has no network to draw 5 of/],
])("refuses %j", async (options, says) => {
  await expect(train(yeast, { ...options, out: out("none") })).rejects.toThrow(says);
});

test("a page that trains no ensemble says so", async () => {
  await expect(train(neuron, { ensemble: 3, out: out("none") })).rejects.toThrow(/^neuron trains no ensemble; leave/);
});
