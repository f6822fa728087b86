import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nn, optim, tensor } from "pondus";
import {
  defineSystem,
  describeFit,
  type FitSummary,
  type Metrics,
  openRun,
  predict,
  train,
  weighRun,
} from "pondus/experiment";
import { readSafetensors } from "pondus/io";
import { dimer, neuron, systems, yeast } from "pondus/systems";
import { afterAll, expect, test } from "vitest";
import { argonDimer } from "../../src/systems/dimer/tang-toennies.ts";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8"));
const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const out = (name: string) => join(scratch, name);

test.each([0, 1, 2, 3, 4])(
  "yeast, seed %i: nearer to the points than the logistic law, and growing all the way",
  async (seed) => {
    const { metrics, fits = {} } = await train(yeast, { seed, out: out(`yeast-${seed}`) });
    const { rmse, monotone, logistic, forecast, heldOut } = metrics as Metrics & Record<string, Record<string, number>>;
    const scipy = fixture("logistic_fit");
    expect(logistic).toEqual({
      rmse: expect.closeTo(scipy.all.rmse, 6),
      r: expect.closeTo(scipy.all.r, 6),
      K: expect.closeTo(scipy.all.K, 2),
      N0: expect.closeTo(scipy.all.N0, 4),
    });
    expect(rmse).toBeLessThan(logistic.rmse);
    expect(monotone).toBe(true);
    expect(forecast.logisticRmse).toBeCloseTo(scipy.hours0To12.rmseHours13To18, 4);
    expect(forecast.rmse).toBeGreaterThan(0);
    expect(heldOut).toEqual({ points: 4, rmse: expect.any(Number), logisticRmse: expect.any(Number) });
    // A thousand knobs on a dozen points follow those much more closely than the points between or behind them.
    expect(fits.forecast).toMatchObject({ knobs: 1154, observations: 13, knobsPerDatum: 1154 / 13, restored: false });
    expect(fits["held-out"]).toMatchObject({ knobs: 1154, observations: 15 });
    for (const { train = 0, validation = 0 } of [fits.forecast, fits["held-out"]]) {
      expect(validation).toBeGreaterThan(2 * train);
    }
    expect(fits.growth).toMatchObject({ knobs: 1154, observations: 19 });
    expect(fits.growth).not.toHaveProperty("validation");
  },
);

test("the argon curve is Tang and Toennies', to the last digits", () => {
  const { r, energy, minimum } = fixture("dimer");
  (r as number[]).forEach((at, i) => expect(argonDimer.energy(at) / energy[i]).toBeCloseTo(1, 11));
  expect(argonDimer.well).toEqual({ r: minimum.r, depth: -minimum.energy });
});

test.each([0, 1, 2])(
  "dimer, seed %i: within a twentieth of a percent of the well; the biases are the baseline",
  async (seed) => {
    const { metrics = {}, fits = {}, run } = await train(dimer, { seed, out: out(`dimer-${seed}`) });
    // More points than knobs, and no noise: it is about as good between the points as at them.
    expect(fits.energy).toMatchObject({ knobs: 37, observations: 181, knobsPerDatum: 37 / 181 });
    expect(fits.energy.validation! / fits.energy.train!).toBeLessThan(2);
    expect(metrics.rmse).toBeLessThan(0.0005 * argonDimer.well.depth);
    expect(metrics.baseline).toBeCloseTo(metrics.energyAt1e6 as number, 12);
    const { r, energy } = fixture("dimer");
    const predicted = await predict(dimer, openRun(run), [r, [1e6]]);
    const errors = (energy as number[]).map((e, i) => predicted.energy[i] - e);
    expect(Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length)).toBeLessThan(
      0.005 * argonDimer.well.depth,
    );
    expect(predicted.energy[r.length]).toBe(0);
  },
);

test("neuron: the learned threshold is near the one that the data were simulated with", async () => {
  const { metrics = {}, fits = {} } = await train(neuron, { out: out("neuron") });
  expect(metrics.threshold).toBeCloseTo(0.5, 1);
  expect(fits.neuron).toMatchObject({ knobs: 2, observations: 200, gap: expect.any(Number) });
  expect(describeFit(fits.neuron)).toMatch(/^2 knobs on 200 numbers: 100 numbers to each; validation was best at step/);
});

test("every page can be built, says what it is, and is named once", () => {
  for (const system of systems) {
    expect(system.model(system.data)).toBeDefined();
    expect(system.summary).toMatch(/^[A-Z].*\.$/);
  }
  expect(new Set(systems.map(({ name }) => name)).size).toBe(systems.length);
});

/** 97 knobs on ten noisy points; every fifth of twelve is held out. */
function tooFree(validated = true) {
  const noise = [0.41, -0.33, 0.12, -0.45, 0.38, 0.05, -0.29, 0.44, -0.18, -0.37, 0.31, -0.09];
  const rows = noise.map((e, i) => [i / 4 - 1.4, Math.sin(i / 4 - 1.4) + e]);
  return defineSystem({
    name: "free",
    title: "Too free",
    summary: "A network with more knobs than points learns them by heart.",
    settings: { steps: 4000, learningRate: 0.02 },
    model: () => nn.sequential(nn.dense(1, 32), nn.tanh, nn.dense(32, 1)),
    async train(session) {
      const { train, validation } = optim.holdOut(rows, { every: 5 });
      const lossOn = (part: number[][]) =>
        nn.mse(session.model(tensor(part.map(([x]) => [x]))), tensor(part.map(([, y]) => [y])));
      await session.fit("free", {
        loss: lossOn(train),
        ...(validated && { validation: { loss: lossOn(validation) } }),
        optimizer: optim.adam({ learningRate: session.learningRate }),
      });
      const { seen, unseen } = await session.evaluate({ seen: lossOn(train), unseen: lossOn(validation) });
      return { metrics: { seen: seen.item(), unseen: unseen.item() } };
    },
  });
}

test("a run tells that its network memorises, in its files, its report and its weighing", async () => {
  const { run, fits = {}, metrics = {} } = await train(tooFree(), { out: out("free") });
  const { best, ...last } = fits.free as Required<FitSummary>;
  expect(last).toMatchObject({ stopped: "finished", steps: 4000, knobs: 97, observations: 10, knobsPerDatum: 9.7 });
  expect(last.validation).toBeGreaterThan(best.validation);
  expect(last.train).toBeLessThan(best.train);
  expect([metrics.seen, metrics.unseen]).toEqual([last.train, last.validation]);
  const words =
    /^97 knobs on 10 numbers: 9\.7 knobs to each; validation was best at step [\d,]+ and is now [\d.,e+]+ times the training loss: it memorises\.$/;
  expect(describeFit(fits.free)).toMatch(words);

  const { description } = openRun(run);
  expect(description.fits).toEqual(JSON.parse(JSON.stringify(fits)));
  expect(weighRun(description)).toMatchObject({
    fit: "free",
    knobsPerDatum: 9.7,
    summary: expect.stringMatching(words),
  });
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n");
  const records = lines.map((line) => JSON.parse(line));
  for (const { train, validation, gap } of records) expect(gap).toBe(validation - train);
  expect(records.at(-1)).toMatchObject({ step: 4000, train: last.train, validation: last.validation, gap: last.gap });
  const report = readFileSync(join(run, "report.html"), "utf8");
  for (const part of [
    "it memorises",
    "validation</span>",
    "gap</span>",
    `best: step ${best.step.toLocaleString("en-US")}`,
  ]) {
    expect(report).toContain(part);
  }
});

test("with patience a run stops early and keeps its best weights, resumed or not", async () => {
  const { fits = {}, metrics = {}, options } = await train(tooFree(), { patience: 8, out: out("patient") });
  expect(options.patience).toBe(8);
  expect(fits.free).toMatchObject({ stopped: "early", restored: true });
  expect([metrics.seen, metrics.unseen]).toEqual([fits.free.best?.train, fits.free.best?.validation]);
  expect(describeFit(fits.free)).toMatch(/, whose weights were kept; at step [\d,]+ it was .* the training loss/);
  const again = await train(tooFree(), { resume: openRun(out("patient")) });
  expect({ fits: again.fits, metrics: again.metrics }).toEqual({ fits, metrics });

  const stop = new AbortController();
  const onProgress = (_: string, { step }: optim.Progress) => step >= 40 && stop.abort();
  const broken = await train(tooFree(), { patience: 8, out: out("halted"), signal: stop.signal, onProgress });
  expect(broken.status).toBe("interrupted");
  const resumed = await train(tooFree(), { resume: openRun(out("halted")) });
  expect({ fits: resumed.fits, metrics: resumed.metrics }).toEqual({ fits, metrics });
});

test("a page without a validation loss is told so, and patience has nothing to wait for", async () => {
  const { fits = {}, run } = await train(tooFree(false), { steps: 20, out: out("unjudged") });
  expect(describeFit(fits.free)).toBe("97 knobs on 10 numbers: 9.7 knobs to each; no validation loss was given.");
  expect(readFileSync(join(run, "report.html"), "utf8")).toContain("no validation loss was given");
  await expect(train(tooFree(false), { patience: 3, out: out("none") })).rejects.toThrow(
    /--patience ends a fit by its validation loss, but "free" has none/,
  );
  expect(existsSync(out("none"))).toBe(false);
});

test("patience leaves a validation alone that is only looked at", async () => {
  const { fits = {} } = await train(yeast, { steps: 400, patience: 2, out: out("blind") });
  expect(fits.forecast).toMatchObject({ stopped: "finished", restored: false });
  expect(fits["held-out"].restored).toBe(true);
});

test.each<[Partial<FitSummary>, string]>([
  [{ knobs: 1, observations: 1 }, "1 knob on 1 number: 1 number to each; no validation loss was given."],
  [{ knobs: 5 }, "5 knobs on numbers that the page does not count; no validation loss was given."],
  [
    { train: 2, validation: 3, gap: 1, best: { step: 10, train: 2, validation: 3, gap: 1 } },
    "validation was best at step 10, the last record, and is 1.5 times the training loss.",
  ],
  [
    { train: -3, validation: -1, gap: 2, best: { step: 10, train: -2, validation: -1.5, gap: 0.5 } },
    "validation was best at step 10 and is now 2 above the training loss: it memorises.",
  ],
  [
    { train: -1, validation: -2, gap: -1, best: { step: 3, train: 0, validation: -3, gap: -3 } },
    "validation was best at step 3 and is now 1 below the training loss.",
  ],
  [
    {
      knobs: 3,
      observations: 13,
      train: 1,
      validation: 12,
      gap: 11,
      best: { step: 2, train: 2, validation: 3, gap: 1 },
    },
    "3 knobs on 13 numbers: 4.33 numbers to each; validation was best at step 2 and is now 12 times the training loss.",
  ],
  [
    { train: 2, validation: 2.05, gap: 0.05, best: { step: 10, train: 2.1, validation: 2, gap: -0.1 } },
    "validation was best at step 10 and is now 1.02 times the training loss.",
  ],
])("in words: %j", (fit, words) => {
  expect(describeFit({ stopped: "finished", steps: 10, loss: 2, ...fit })).toBe(words);
});

test("a run by L-BFGS, interrupted and resumed, ends with the same bytes, its memory among them", async () => {
  const settings = { optimizer: "lbfgs", steps: 80 } as const;
  const straight = await train(yeast, { ...settings, out: out("lbfgs-straight") });
  const stop = new AbortController();
  const onProgress = (fit: string, { step }: { step: number }) => fit === "growth" && step > 2 && stop.abort();
  const broken = await train(yeast, { ...settings, out: out("lbfgs-broken"), signal: stop.signal, onProgress });
  expect(broken.status).toBe("interrupted");
  const resumed = await train(yeast, { resume: openRun(broken.run) });
  expect(resumed).toMatchObject({ status: "finished", options: { optimizer: "lbfgs", steps: 80 } });
  expect(resumed.metrics).toEqual(straight.metrics);
  for (const file of ["weights.safetensors", "metrics.jsonl"]) {
    expect(readFileSync(join(resumed.run, file))).toEqual(readFileSync(join(straight.run, file)));
  }
  const { tensors } = readSafetensors(join(straight.run, "checkpoint.safetensors"));
  expect(
    Object.keys(tensors).filter((name) => /growth.*lbfgs\/(pairs|evaluations)|growth.*weight\/[sy]$/.test(name)).length,
  ).toBe(8);
});
