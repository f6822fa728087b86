import { readFileSync } from "node:fs";
import { nn, ode, optim, parameter, parameterOf, stack, type Tensor, tensor, whileLoop } from "pondus";
import { expect, test } from "vitest";

const fixture = JSON.parse(readFileSync(new URL("fixtures/logistic_fit.json", import.meta.url), "utf8"));
const float64 = { dtype: "float64" } as const;
const value = (x: Tensor) => parameterOf(x)!.read()[0];

function logisticFit(rows: number) {
  const rate = parameter([], 0.4, float64);
  const capacity = parameter([], 600, float64);
  const start = parameter([], 10, float64);
  const curve = ode.logistic(tensor(fixture.t.slice(0, rows), float64), { rate, capacity, start });
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

/** A network of 25 knobs on as many points of a sine as asked, and perhaps zeros behind them. */
function sine(points: number, zeros = 0) {
  const net = nn.sequential(nn.dense(1, 8, float64), nn.tanh, nn.dense(8, 1, float64));
  nn.initialize(net, 5);
  const x = tensor(
    Array.from({ length: points }, (_, i) => [i / points - 0.5]),
    float64,
  );
  const errors = net(x).sub(x.mul(5).sin()).flatten();
  const knobs = () => Object.values(nn.parametersOf(net)).flatMap((p) => [...p.read()]);
  return { net, knobs, residuals: errors.pad(0, 0, zeros) };
}

test("few residuals and many knobs: the same steps from the residuals' side, at the price of a gradient each", async () => {
  const [few, padded] = [sine(10), sine(10, 15)];
  const byResiduals = await optim.leastSquares({ residuals: few.residuals, scaling: "each", steps: 6 });
  const byKnobs = await optim.leastSquares({ residuals: padded.residuals, steps: 6 });
  few.knobs().forEach((w, i) => expect(w / padded.knobs()[i]).toBeCloseTo(1, 7));
  const [cheap, dear] = [byResiduals, byKnobs].map((r) => optim.evaluationsIn(r.checkpoint));
  const accepted = byResiduals.history.length;
  expect(cheap).toEqual({ losses: 12, gradients: 10 * accepted, derivatives: 0, products: 0 });
  expect(dear).toEqual({ losses: 12, gradients: 0, derivatives: 25 * accepted, products: 0 });
  expect(byResiduals.history[0]).toMatchObject({ step: 0, gradientEquivalents: 10 });
});

test("many knobs, few residuals: held back alike they stay of order one, and fit better for it", async () => {
  const [alike, each] = [sine(10), sine(10)];
  const { loss, history } = await optim.leastSquares({ residuals: alike.residuals, steps: 12 });
  const other = await optim.leastSquares({ residuals: each.residuals, scaling: "each", steps: 12 });
  expect(loss).toBeLessThan(1e-3 * history[0].loss);
  expect(loss).toBeLessThan(other.loss);
  expect(Math.max(...alike.knobs().map(Math.abs))).toBeLessThan(10);
});

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

test("says what it cannot do", async () => {
  await expect(optim.leastSquares({ residuals: parameter([2], 1) })).rejects.toThrow(/must be float64/);
  const wide = tensor(1, float64)
    .expand([1 << 22])
    .mul(parameter([1 << 22], 1, float64));
  await expect(optim.leastSquares({ residuals: wide })).rejects.toThrow(
    /4,194,304 residuals by 4,194,304 knobs, and its matrix, take 422\.\d+ TB, but this machine has .*optim\.lbfgs/,
  );
  const negative = parameter([], -1, float64);
  await expect(optim.leastSquares({ residuals: negative.log() })).rejects.toThrow(/the loss is NaN at the starting/);
});
