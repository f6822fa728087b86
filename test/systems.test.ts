import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dimer, type Metrics, neuron, openRun, predict, systems, train, yeast } from "pondus/systems";
import { afterAll, expect, test } from "vitest";
import { argonDimer } from "../src/systems/argon-dimer.ts";

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8"));
const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const out = (name: string) => join(scratch, name);

test.each([0, 1, 2, 3, 4])(
  "yeast, seed %i: nearer to the points than the logistic law, and growing all the way",
  async (seed) => {
    const { metrics } = await train(yeast, { seed, out: out(`yeast-${seed}`) });
    const { rmse, monotone, logistic, forecast } = metrics as Metrics & Record<string, Record<string, number>>;
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
  },
);

test("the argon curve is Tang and Toennies', to the last digits", () => {
  const { r, energy, minimum } = fixture("dimer");
  (r as number[]).forEach((at, i) => expect(argonDimer.energy(at) / energy[i]).toBeCloseTo(1, 11));
  expect(argonDimer.well).toEqual({ r: minimum.r, depth: -minimum.energy });
});

test.each([0, 1, 2])("dimer, seed %i: within half a percent of the well; the biases are the baseline", async (seed) => {
  const { metrics = {}, run } = await train(dimer, { seed, out: out(`dimer-${seed}`) });
  expect(metrics.rmse).toBeLessThan(0.005 * argonDimer.well.depth);
  expect(metrics.baseline).toBeCloseTo(metrics.energyAt1e6 as number, 12);
  const { r, energy } = fixture("dimer");
  const predicted = await predict(dimer, openRun(run), [r, [1e6]]);
  const errors = (energy as number[]).map((e, i) => predicted.energy[i] - e);
  expect(Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length)).toBeLessThan(
    0.005 * argonDimer.well.depth,
  );
  expect(predicted.energy[r.length]).toBe(0);
});

test("neuron: the learned threshold is near the one that the data were simulated with", async () => {
  const { metrics = {} } = await train(neuron, { out: out("neuron") });
  expect(metrics.threshold).toBeCloseTo(0.5, 1);
});

test("every page can be built, says what it is, and is named once", () => {
  for (const system of systems) {
    expect(system.model(system.data)).toBeDefined();
    expect(system.summary).toMatch(/^[A-Z].*\.$/);
  }
  expect(new Set(systems.map(({ name }) => name)).size).toBe(systems.length);
});
