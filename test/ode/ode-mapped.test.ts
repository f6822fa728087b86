import { compile, grad, ode, type Tensor, tensor, vmap } from "pondus";
import { expect, test } from "vitest";

const f64 = (list: number | readonly number[] | readonly number[][]) => tensor(list, { dtype: "float64" });
const exact = { rtol: 1e-9, atol: 1e-11 };

test("each of many trajectories ends at its own event, with the derivative of its own time", async () => {
  // y' = -k y from y0 to the level: at t = ln(y0 / level) / k; the last one never gets there.
  const [starts, rates] = [
    [2, 5, 1.5, 0.7, 3],
    [1, 0.3, 2, 1.7, 0.001],
  ];
  const level = 0.5;
  const until = (y0: Tensor, k: Tensor) => {
    const event = { when: (y: Tensor) => y.sub(level) };
    const { t, y, status, steps } = ode.integrate((y) => y.mul(k).neg(), y0, [0, 30], { ...exact, event });
    const [dy0, dk] = grad(t, [y0, k]);
    return { t, y, status, steps, dy0, dk };
  };
  const got = await compile(() => vmap(until)(f64(starts), f64(rates))).run();
  starts.forEach((y0, i) => {
    const k = rates[i];
    const t = Math.log(y0 / level) / k;
    const ends = t < 30;
    const outcome = ode.outcome({ status: got.status.data[i], t: got.t.data[i] });
    expect(outcome.reason).toBe(ends ? "event" : "done");
    expect(got.t.data[i]).toBeCloseTo(ends ? t : 30, 7);
    expect(got.y.data[i]).toBeCloseTo(ends ? level : y0 * Math.exp(-30 * k), 7);
    expect(got.dy0.data[i]).toBeCloseTo(ends ? 1 / (k * y0) : 0, 6);
    expect(got.dk.data[i]).toBeCloseTo(ends ? -t / k : 0, 5);
  });
  expect(new Set(got.steps.data).size).toBeGreaterThan(2);
});

test.each([ode.rodas4, ode.rodas5p, ode.implicitEuler])(
  "stiff equations, a batch of them, by $name",
  async (method) => {
    // y' = -k (y - cos t): from k = 1 to 10^5 as stiff as can be; its solution is known.
    const rates = [1, 10, 1e3, 1e5];
    const solution = (k: number, t: number) =>
      (k * (k * Math.cos(t) + Math.sin(t)) - k * k * Math.exp(-k * t)) / (1 + k * k);
    const options = method === ode.implicitEuler ? { method, substeps: 4000 } : { method, rtol: 1e-7, atol: 1e-9 };
    const solve = (k: Tensor) => ode.solve((y, t) => y.sub(t.cos()).mul(k).neg(), f64(0), [0, 0.5, 2], options);
    const { path } = await compile(() => ({ path: vmap(solve)(f64(rates)) })).run();
    rates.forEach((k, i) => {
      [0.5, 2].forEach((t, j) => {
        const digits = method === ode.implicitEuler ? 2 : 5;
        expect(path.data[3 * i + j + 1]).toBeCloseTo(solution(k, t), digits);
      });
    });
  },
);
