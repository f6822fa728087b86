import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nn, optim, type Tensor } from "pondus";
import { type Metrics, train } from "pondus/experiment";
import { curvature, dimer, yeast } from "pondus/systems";
import { afterAll, expect, test } from "vitest";
import { scaled } from "../../src/experiment/data/scaled-series.ts";
import { atomPair, bondErrors } from "../../src/systems/dimer.ts";
import { carlson, growthErrors, growthModel } from "../../src/systems/yeast.ts";

const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));

test("curvature: every method's loss and price on both problems, and what it would hold at other sizes", async () => {
  const { metrics } = await train(curvature, { steps: 200, out: join(scratch, "curvature") });
  type Row = { steps: number; loss: number; seconds: number; bytes: number; gradientEquivalents?: number };
  const { memory, ...problems } = metrics as unknown as Record<string, Record<string, Row>>;
  expect(Object.keys(problems)).toEqual(["yeast", "dimer"]);
  for (const { target, ratio, ...methods } of Object.values(problems)) {
    expect(Object.keys(methods)).toEqual(["descent", "adam", "lbfgs", "newton", "natural", "lm"]);
    for (const row of Object.values(methods)) expect(row.loss).toBeLessThan(1);
    expect(methods.adam.gradientEquivalents).toBe(methods.adam.steps);
    expect(methods.adam.loss).toBe(target);
    if (methods.lm.gradientEquivalents) expect(ratio).toBe(methods.adam.steps / methods.lm.gradientEquivalents);
  }
  // 37 knobs: Adam keeps three numbers for each, and the normal equations a square; yeast has 19 residuals.
  expect(problems.dimer.adam.bytes).toBe(8 * 3 * 37);
  expect(problems.dimer.lm.bytes).toBe(8 * 37 * 37);
  expect(problems.yeast.lm.bytes).toBe(8 * 19 * (1154 + 19));
  expect((memory["1e9"] as unknown as Metrics).lm).toEqual({ bytes: 8e18, fits: false });
  expect((memory["1e3"] as unknown as Metrics).lm).toEqual({ bytes: 8e6, fits: true });
});

const growth = () => {
  const model = growthModel(scaled(carlson), "float64");
  return {
    model,
    residuals: growthErrors(model, scaled(carlson)),
    steps: yeast.optimizers?.adam?.steps as number,
    rate: 7e-3,
  };
};
const bond = () => {
  const model = atomPair();
  const { adam } = dimer.optimizers ?? {};
  return { model, residuals: bondErrors(model), steps: adam?.steps as number, rate: 3e-2, damping: 100 };
};
type Made = { model: nn.Model; residuals: Tensor; steps: number; rate: number; damping?: number };

test.each<[string, () => Made]>([
  ["yeast", growth],
  ["dimer", bond],
])(
  "%s: Levenberg-Marquardt costs a twentieth of what Adam as the page has it costs to the same loss",
  async (_, make) => {
    const slow = make();
    nn.initialize(slow.model, 0);
    const { steps } = slow;
    const optimizer = optim.adam({
      learningRate: optim.schedules.cosine({ initial: slow.rate, steps }),
      clip: optim.clipByGlobalNorm(1),
    });
    const adam = await optim.fit({ loss: slow.residuals.square().mean(), optimizer, steps });
    const target = Math.min(...adam.history.map((r) => r.loss));
    const quick = make();
    nn.initialize(quick.model, 0);
    const { history } = await optim.leastSquares({ residuals: quick.residuals, damping: quick.damping, steps: 100 });
    const cost = history.find((r) => r.loss <= target)?.gradientEquivalents as number;
    const needed = adam.history.find((r) => r.loss <= target)?.step as number;
    expect(needed / cost).toBeGreaterThan(20);
  },
);
