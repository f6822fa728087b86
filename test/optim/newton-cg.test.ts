import { optim, parameter, parameterOf, type Tensor, tensor } from "pondus";
import { expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";
import { quadratic, rosenbrock } from "../support/valleys.ts";

const read = (x: Tensor) => [...parameterOf(x)!.read()];

onEveryBackend((backend) => {
  test("Rosenbrock's valley ends at ones", async () => {
    const { x, loss } = rosenbrock(2);
    const { stopped } = await optim.fit({ loss, optimizer: optim.newtonCG(), steps: 1000, backend });
    expect(stopped).toBe("converged");
    for (const at of read(x)) expect(at).toBeCloseTo(1, 9);
  });
});

test("near the minimum the error is squared at every step", async () => {
  // sum(exp(x) - b x) + sum(x)^2 / 20 has its minimum at 1, 2, ... / 3 for these b.
  const float64 = { dtype: "float64" } as const;
  const minimum = [1, 2, 3, 4, 5].map((k) => k / 3);
  const pull = minimum.reduce((sum, m) => sum + m, 0) / 10;
  const x = parameter([5], 0, float64);
  const b = tensor(
    minimum.map((m) => Math.exp(m) + pull),
    float64,
  );
  const loss = x.exp().sub(x.mul(b)).sum().add(x.sum().square().div(20));
  const errors: number[] = [];
  const onProgress = () => errors.push(Math.hypot(...read(x).map((at, i) => at - minimum[i])));
  await optim.fit({ loss, optimizer: optim.newtonCG(), steps: 30, recordEvery: 1, onProgress });
  const pairs = errors.slice(1).flatMap((next, i) => (errors[i] < 0.3 && errors[i] > 1e-7 ? [[errors[i], next]] : []));
  expect(pairs.length).toBeGreaterThanOrEqual(3);
  // The order that was measured between two steps; rounding ends it at about 1e-15.
  for (const [e, next] of pairs)
    expect(Math.log(next) / Math.log(e), `${e} to ${next}`).toBeGreaterThan(e < 1e-4 ? 1.7 : 1.9);
});

test("a quadratic of 20 dimensions and condition 1e6 takes few steps, and no step more than 20 products", async () => {
  const a = Array.from({ length: 20 }, (_, i) => 10 ** ((6 * i) / 19));
  const b = a.map((_, i) => Math.cos(i));
  const { x, loss } = quadratic(a, b);
  const { stopped, steps, checkpoint } = await optim.fit({
    loss,
    optimizer: optim.newtonCG(),
    steps: 100,
  });
  expect(stopped).toBe("converged");
  expect(optim.evaluationsIn(checkpoint).products).toBeLessThanOrEqual(20 * (steps - 1));
  expect(read(x)).toEqual(b.map((at) => expect.closeTo(at, 8)));
});

test("where the curvature is negative it goes downhill still", async () => {
  // A saddle at the start: x^4 / 4 - x^2 / 2 + y^2 / 2 has its minima at x = -1 and 1.
  const x = parameter([2], [0.01, 1], { dtype: "float64" });
  const [u, v] = [x.at(0), x.at(1)];
  const loss = u.pow(4).div(4).sub(u.square().div(2)).add(v.square().div(2));
  const { stopped } = await optim.fit({ loss, optimizer: optim.newtonCG(), steps: 100 });
  expect(stopped).toBe("converged");
  expect(read(x)).toEqual([expect.closeTo(1, 9), expect.closeTo(0, 9)]);
});

test("a product counts as two gradients, and the checkpoint has the sum", async () => {
  const { loss } = quadratic([1, 4], [1, 1]);
  const { checkpoint } = await optim.fit({ loss, optimizer: optim.newtonCG(), steps: 50 });
  const evaluations = optim.evaluationsIn(checkpoint);
  expect(evaluations.products).toBeGreaterThan(0);
  expect(optim.gradientEquivalents(checkpoint)).toBe(evaluations.gradients + 2 * evaluations.products);
  expect(optim.inGradients({ losses: 2, derivatives: 3 })).toBe(4);
  // What does not count, counts a gradient a step.
  const w = parameter([], 1);
  const plain = await optim.fit({ loss: w.mul(tensor(2)), optimizer: optim.sgd({ learningRate: 0.1 }), steps: 7 });
  expect(optim.gradientEquivalents(plain.checkpoint)).toBe(7);
});

test("interrupted and resumed it ends with the same bytes", async () => {
  const settings = { optimizer: optim.newtonCG(), steps: 30, recordEvery: 5 };
  const straight = await optim.fit({ ...settings, loss: rosenbrock(6).loss });
  const stop = new AbortController();
  const onProgress = ({ step }: { step: number }) => step >= 5 && stop.abort();
  const first = await optim.fit({ ...settings, loss: rosenbrock(6).loss, signal: stop.signal, onProgress });
  expect(first.stopped).toBe("interrupted");
  const resumed = await optim.fit({ ...settings, loss: rosenbrock(6).loss, resume: structuredClone(first.checkpoint) });
  expect(resumed.checkpoint).toEqual(straight.checkpoint);
});

test("says what it cannot do", () => {
  expect(() => optim.newtonCG({ products: 1.5 })).toThrow(/products must be a whole number from 1, but 1.5 came/);
});
