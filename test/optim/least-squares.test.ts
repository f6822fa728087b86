import { readFileSync } from "node:fs";
import { laws, nn, optim, parameter, parameterOf, stack, type Tensor, tensor, whileLoop } from "pondus";
import { expect, test } from "vitest";
import { problems, regression } from "../support/nist.ts";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/logistic_fit.json", import.meta.url), "utf8"));
const float64 = { dtype: "float64" } as const;
const value = (x: Tensor) => parameterOf(x)!.read()[0];

function logisticFit(rows: number) {
  const rate = parameter([], 0.4, float64);
  const capacity = parameter([], 600, float64);
  const start = parameter([], 10, float64);
  const curve = laws.logistic(tensor(fixture.t.slice(0, rows), float64), { rate, capacity, start });
  return { rate, capacity, start, residuals: curve.sub(tensor(fixture.counts.slice(0, rows), float64)) };
}

test.each([
  ["all", 19],
  ["hours0To12", 13],
])("the logistic law of Carlson's yeast, as SciPy fits it: %s", async (which, rows) => {
  const { residuals, rate, capacity, start } = logisticFit(rows);
  const { loss, stopped } = await optim.leastSquares({ residuals });
  expect(stopped).toBe("converged");
  expect(Math.sqrt(loss)).toBeCloseTo(fixture[which].rmse, 9);
  expect(value(rate)).toBeCloseTo(fixture[which].r, 7);
  expect(value(capacity)).toBeCloseTo(fixture[which].K, 3);
  expect(value(start)).toBeCloseTo(fixture[which].N0, 5);
});

test("Rosenbrock's valley ends at (1, 1)", async () => {
  const x = parameter([2], [-1.2, 1], float64);
  const residuals = tensor([1, 0], float64)
    .mul(x.at(0).neg().add(1))
    .add(tensor([0, 10], float64).mul(x.at(1).sub(x.at(0).square())));
  await optim.leastSquares({ residuals, steps: 200 });
  expect([...parameterOf(x)!.read()]).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 9)]);
});

test("an interrupted fit goes on to the same values, bit for bit", async () => {
  const whole = logisticFit(19);
  const straight = await optim.leastSquares({ residuals: whole.residuals });

  const broken = logisticFit(19);
  const stop = new AbortController();
  const onProgress = ({ step }: { step: number }) => step === 3 && stop.abort();
  const first = await optim.leastSquares({ residuals: broken.residuals, signal: stop.signal, onProgress });
  expect(first).toMatchObject({ stopped: "interrupted", steps: 3 });
  for (const x of [broken.rate, broken.capacity, broken.start]) parameterOf(x)!.write([0]);
  const second = await optim.leastSquares({ residuals: broken.residuals, resume: first.checkpoint });
  expect(second.history).toEqual(straight.history);
  expect(value(broken.capacity)).toBe(value(whole.capacity));
});

test("a knob that nothing depends on stays where it is", async () => {
  const [a, b] = [parameter([], 3, float64), parameter([], 5, float64)];
  await optim.leastSquares({ residuals: a.sub(1).add(b.mul(0)) });
  expect([value(a), value(b)]).toEqual([expect.closeTo(1, 9), 5]);
});

/**
 * A network of 25 knobs on as many points of a sine as asked, and perhaps zeros behind them. `apart`: each residual is one point's own;
 * otherwise it seems to depend on all.
 */
function sine(points: number, zeros = 0, apart = true) {
  const net = nn.sequential(nn.dense(1, 8, float64), nn.tanh, nn.dense(8, 1, float64));
  nn.initialize(net, 5);
  const x = tensor(
    Array.from({ length: points }, (_, i) => [i / points - 0.5]),
    float64,
  );
  const own = net(x).sub(x.mul(5).sin()).flatten();
  const errors = apart ? own : own.add(own.sum().mul(0));
  const knobs = () => Object.values(nn.parametersOf(net)).flatMap((p) => [...p.read()]);
  return { net, knobs, residuals: errors.padAxis(0, zeros, 0) };
}

test.each([true, false])(
  "few residuals and many knobs: the same steps from the residuals' side; apart: %s",
  async (apart) => {
    const [few, padded] = [sine(10, 0, apart), sine(10, 15, apart)];
    const byResiduals = await optim.leastSquares({ residuals: few.residuals, scaling: "each", steps: 2 });
    const byKnobs = await optim.leastSquares({ residuals: padded.residuals, steps: 2 });
    few.knobs().forEach((w, i) => expect(w / padded.knobs()[i]).toBeCloseTo(1, 7));
    const [cheap, dear] = [byResiduals, byKnobs].map((r) => optim.evaluationsIn(r.checkpoint));
    const accepted = byResiduals.history.length;
    expect(accepted).toBe(2);
    // A gradient for each residual and a derivative for each knob; where residuals are of one point each, a gradient for all, and for the zeros.
    const none = { losses: 4, gradients: 0, derivatives: 0, products: 0 };
    expect(cheap).toEqual({ ...none, gradients: (apart ? 1 : 10) * accepted });
    expect(dear).toEqual({ ...none, ...(apart ? { gradients: 2 * accepted } : { derivatives: 25 * accepted }) });
    expect(byResiduals.history[0]).toMatchObject({ step: 0, gradientEquivalents: apart ? 1 : 10 });
  },
);

test.each(["all", "each"] as const)(
  "many knobs, few residuals, scaled by %s: they fit, and stay of order one",
  async (scaling) => {
    const { residuals, knobs } = sine(10);
    const { loss, history } = await optim.leastSquares({ residuals, scaling, steps: 60 });
    expect(loss).toBeLessThan(1e-5 * history[0].loss);
    expect(Math.max(...knobs().map(Math.abs))).toBeLessThan(10);
  },
);

test("along a curved valley: the step bends with it", async () => {
  // The valley is y = 0.3 x^2, its lowest point at x = 1; straight ahead from (0, 0) a step would go to (1, 0).
  const p = parameter([2], 0, float64);
  const [x, y] = [p.at(0), p.at(1)];
  const residuals = stack([x.sub(1).mul(1e-2), y.sub(x.square().mul(0.3))]);
  const { history } = await optim.leastSquares({ residuals, scaling: "all", damping: 1e-12, steps: 1 });
  expect(history.length).toBe(2);
  expect([...parameterOf(p)!.read()]).toEqual([expect.closeTo(1, 6), expect.closeTo(0.3, 6)]);
});

test("many knobs behind a loop without a limit, which only forward mode goes through", async () => {
  const x = parameter([3], [1, 2, 3], float64);
  const halved = whileLoop(
    { x },
    (c) => c.x.max().gt(1),
    (c) => ({ x: c.x.mul(0.5) }),
  ).x;
  const { loss, checkpoint } = await optim.leastSquares({ residuals: halved.sum().sub(1), steps: 20 });
  expect(loss).toBeLessThan(1e-20);
  expect(optim.evaluationsIn(checkpoint).derivatives).toBeGreaterThan(0);
});

test.each(
  Object.entries(problems).flatMap(([name, p]) => p.starts.map((start, i) => [name, i + 1, p, start] as const)),
)("NIST's %s from start %i, to 6 digits", async (name, _, { certified, squares, y }, start) => {
  const { b, residuals } = regression(name, start);
  const { loss, stopped, warning } = await optim.leastSquares({ residuals, steps: 500 });
  expect({ stopped, warning }).toEqual({ stopped: "converged", warning: undefined });
  parameterOf(b)!
    .read()
    .forEach((x, i) => expect(Math.abs(x / certified[i] - 1)).toBeLessThan(1e-6));
  // Of Lanczos1, whose data have 14 digits, the squares are all rounding.
  expect(Math.abs((loss * y.length) / squares - 1)).toBeLessThan(name === "Lanczos1" ? 0.01 : 1e-8);
});

/** 3 exp(-(x - 0.5)^2 / 1.28) at 200 points, and the residuals of such a bump from a given start. */
function gaussian(start: readonly number[]) {
  const xs = Array.from({ length: 200 }, (_, i) => -5 + i / 19.9);
  const measured = tensor(
    xs.map((x) => 3 * Math.exp(-((x - 0.5) ** 2) / 1.28)),
    float64,
  );
  const [height, centre, width] = start.map((v) => parameter([], v, float64));
  const bump = tensor(xs, float64).sub(centre).div(width).square().mul(-0.5).exp().mul(height);
  return { knobs: [height, centre, width], residuals: bump.sub(measured) };
}

test("a bump from where it hardly overlaps the data: a memory of scale holds what loses its influence", async () => {
  // MINPACK's lmder finds it from 40 of these 44 starts (SciPy 1.17, method "lm", all tolerances 1e-15).
  let found = 0;
  for (const centre of [-4, -3, -2, -1, 0, 1, 2, 2.5, 3, 4, 5]) {
    for (const width of [0.2, 0.5, 1, 3]) {
      const { residuals, knobs } = gaussian([1, centre, width]);
      const { loss, stopped } = await optim.leastSquares({ residuals, steps: 300 });
      if (loss > 1e-16) continue;
      expect(stopped).toBe("converged");
      found++;
      const [h, c, w] = knobs.map(value);
      expect([h, c, Math.abs(w)]).toEqual([expect.closeTo(3, 6), expect.closeTo(0.5, 6), expect.closeTo(0.8, 6)]);
    }
  }
  expect(found).toBeGreaterThanOrEqual(40);
});

test("two knobs that do the same: a minimum is found, and no knob runs off", async () => {
  const [a, b] = [parameter([], 3, float64), parameter([], -1, float64)];
  const x = tensor([1, 2, 3, 4], float64);
  const { loss, stopped } = await optim.leastSquares({ residuals: x.mul(a.add(b)).sub(x.mul(7)) });
  expect(stopped).toBe("converged");
  expect(loss).toBeLessThan(1e-24);
  expect(value(a) + value(b)).toBeCloseTo(7, 10);
  expect(Math.abs(value(a) - 5.5)).toBeLessThan(1);
});

test("at the minimum already: no step is taken", async () => {
  const a = parameter([], 2, float64);
  const x = tensor([1, 2, 3], float64);
  const exact = await optim.leastSquares({ residuals: x.mul(a).sub(x.mul(2)) });
  expect(exact).toMatchObject({ stopped: "converged", steps: 0, loss: 0 });
  // The mean, with residuals left over.
  const mean = parameter([], 2, float64);
  const rest = await optim.leastSquares({ residuals: x.sub(mean), gradientTolerance: 1e-12 });
  expect(rest).toMatchObject({ stopped: "converged", steps: 0 });
  expect(value(mean)).toBe(2);
});

test("each tolerance ends the search by itself, the sooner the looser", async () => {
  const steps = async (options: Partial<optim.LeastSquaresOptions>) => {
    const { residuals, capacity } = logisticFit(19);
    const result = await optim.leastSquares({ residuals, tolerance: 0, stepTolerance: 0, ...options });
    expect(result.stopped).toBe("converged");
    return { steps: result.steps, off: Math.abs(value(capacity) / fixture.all.K - 1) };
  };
  for (const which of ["tolerance", "stepTolerance", "gradientTolerance"] as const) {
    const [loose, tight] = [await steps({ [which]: 1e-3 }), await steps({ [which]: 1e-7 })];
    expect(loose.steps).toBeLessThan(tight.steps);
    expect(tight.off).toBeLessThan(1e-6);
  }
});

test("where no step helps though the slope is not 0 it does not claim to have converged", async () => {
  const x = parameter([], 1, float64);
  const kink = await optim.leastSquares({ residuals: x.abs().add(1), steps: 500 });
  expect(kink).toMatchObject({ stopped: "stalled", warning: expect.stringMatching(/no step lowers the loss/) });
  expect(value(x)).toBeCloseTo(0, 6);
  const again = await optim.leastSquares({ residuals: x.abs().add(1), steps: 500, resume: kink.checkpoint });
  expect(again).toMatchObject({ stopped: "stalled", steps: kink.steps, warning: kink.warning });
});

test("says what it cannot do", async () => {
  for (const steps of [-1, 1.5, Number.NaN]) {
    await expect(optim.leastSquares({ residuals: parameter([2], 1), steps })).rejects.toThrow(
      `leastSquares: steps must be a whole number from 0, but ${steps} came.`,
    );
  }
  await expect(optim.leastSquares({ residuals: parameter([2], 1) })).rejects.toThrow(/must be float64/);
  const wide = tensor(1, float64)
    .expand([1 << 22])
    .mul(parameter([1 << 22], 1, float64));
  await expect(optim.leastSquares({ residuals: wide })).rejects.toThrow(
    /4,194,304 residuals by 4,194,304 knobs, and its matrix, take 422\.\d+ TB, but this machine has .*optim\.lbfgs/,
  );
  const negative = parameter([], -1, float64);
  await expect(optim.leastSquares({ residuals: negative.log() })).rejects.toThrow(/the loss is NaN at the starting/);
  const edge = parameter([], 0, float64);
  await expect(optim.leastSquares({ residuals: edge.sqrt().add(1) })).rejects.toThrow(
    /derivative of the residuals is not finite/,
  );
});
