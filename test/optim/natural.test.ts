import { compile, grad, nn, optim, parameter, type Tensor, tensor } from "pondus";
import { expect, test } from "vitest";

const float64 = { dtype: "float64" } as const;
const rows = Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(2 * i), 1]);
const targets = rows.map(([a, b], i) => [2 * a - b + 0.5 + 0.1 * Math.sin(7 * i)]);
const x = tensor(rows, float64);
const y = tensor(targets, float64);

/** Mean square error of a linear model: a normal likelihood of variance 1/2, but for a constant. */
const gaussian = { likelihood: "gaussian", variance: 0.5, damping: 0 } as const;

async function fitted(weights: Tensor, outputs: Tensor, steps: number) {
  const loss = nn.mse(outputs, y);
  const result = await optim.fit({ loss, optimizer: optim.naturalGradient({ outputs, ...gaussian }), steps });
  const { w, g } = await compile(() => ({ w: weights, g: grad(loss, weights) })).run();
  return { result, w: [...w.data], slope: Math.max(...Array.from(g.data, Math.abs)) };
}

test("one step solves a linear model, in whatever coordinates it is written", async () => {
  const plain = parameter([3, 1], 0, float64);
  const a = await fitted(plain, x.matmul(plain), 1);
  expect(a.slope).toBeLessThan(1e-10);

  const mix = tensor(
    [
      [3, 1, 0],
      [0, 0.01, 2],
      [1, 0, 5],
    ],
    float64,
  );
  const other = parameter([3, 1], 0, float64);
  const b = await fitted(other, x.matmul(mix.matmul(other)), 1);
  expect(b.slope).toBeLessThan(1e-9);
  const { w } = await compile(() => ({ w: mix.matmul(other) })).run();
  w.data.forEach((value, i) => {
    expect(value).toBeCloseTo(a.w[i], 8);
  });
});

test("logistic regression: as Newton's method, for there the Fisher matrix is the Hessian", async () => {
  const labels = tensor(
    rows.map(([a, b], i) => [a + b + 0.8 * Math.sin(5 * i) > 0 ? 1 : 0]),
    float64,
  );
  const run = async (make: (outputs: Tensor) => optim.Optimizer) => {
    const w = parameter([3, 1], 0, float64);
    const outputs = x.matmul(w);
    const loss = nn.bceWithLogits(outputs, labels).add(w.square().sum().mul(0.01));
    await optim.fit({ loss, optimizer: make(outputs), steps: 40 });
    return compile(() => ({ w, loss })).run();
  };
  const natural = await run((outputs) => optim.naturalGradient({ outputs, likelihood: "bernoulli", damping: 0.02 }));
  const newton = await run(() => optim.newtonCG());
  expect(natural.loss.item()).toBeCloseTo(newton.loss.item(), 12);
  natural.w.data.forEach((value, i) => {
    expect(value).toBeCloseTo(newton.w.data[i], 6);
  });
});

test("options that cannot be are refused", () => {
  const outputs = x.sum(1);
  expect(() => optim.naturalGradient({ outputs, likelihood: "gaussian", damping: -1 })).toThrow(
    /damping must be a number from 0/,
  );
  expect(() => optim.naturalGradient({ outputs, likelihood: "gaussian", products: 0 })).toThrow(/whole number from 1/);
});
