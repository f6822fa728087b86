import { compile, laws, ode, tensor } from "pondus";
import { expect, test } from "vitest";

const float64 = { dtype: "float64" } as const;

test("the rate of the logistic law is the slope of its closed form", async () => {
  const [rate, capacity] = [0.547, 663];
  const exact = (t: number) => capacity / (1 + (capacity / 9.1 - 1) * Math.exp(-rate * t));
  const t = [0, 3, 7, 12, 18];
  const { slope } = await compile(() => ({
    slope: laws.logisticRate(tensor(t.map(exact), float64), { rate, capacity }),
  })).run();
  const h = 1e-4;
  t.forEach((at, i) => expect(slope.data[i]).toBeCloseTo((exact(at + h) - exact(at - h)) / (2 * h), 6));
});

test("a path of Lotka and Volterra's law keeps what Volterra found to be conserved", async () => {
  const [a, b, c, d] = [1.1, 0.4, 0.4, 0.1];
  const knobs = { growth: tensor([a, -c], float64), interaction: tensor([-b, d], float64) };
  const path = ode.solve((x) => laws.lotkaVolterra(x, knobs), tensor([10, 5], float64), [0, 1, 5, 20], { rtol: 1e-10 });
  const { data } = (await compile(() => ({ path })).run()).path;
  const conserved = [0, 1, 2, 3].map((row) => {
    const [x, y] = [data[2 * row], data[2 * row + 1]];
    return d * x - c * Math.log(x) + b * y - a * Math.log(y);
  });
  for (const value of conserved) expect(value / conserved[0]).toBeCloseTo(1, 7);
  expect(Math.abs(data[2] - data[0])).toBeGreaterThan(1);
});
