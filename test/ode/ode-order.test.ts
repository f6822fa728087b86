import { compile, concat, ode, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { detest } from "../support/ode-problems/detest.ts";

// Every method's order, measured: how the error falls when the steps are halved. Steps are short enough for the first
// term of the error to rule, and long enough for the error to stand above rounding.

const times = [0, 1, 2, 3, 4];
const problem = (name: string) => detest.find((one) => one.name === name)!;
const float64 = (values: readonly number[]) => tensor([...values], { dtype: "float64" });

/** The order that `few` and twice as many steps to a unit of time make, and the smaller error. */
async function measure(
  method: ode.Method,
  law: ode.Rate,
  start: Tensor,
  exact: (t: number) => readonly number[],
  few: number,
) {
  const solve = (substeps: number) => ode.solve(law, start, times, { method, substeps });
  const r = await compile(() => ({ coarse: solve(few), fine: solve(2 * few) })).run();
  const wanted = times.flatMap(exact);
  const error = (got: ArrayLike<number>) => Math.hypot(...wanted.map((y, i) => got[i] - y));
  return { slope: Math.log2(error(r.coarse.data) / error(r.fine.data)), fine: error(r.fine.data) };
}

describe.each([
  { method: ode.euler, order: 1, bessel: 64, nonlinear: ["B4", 64] },
  { method: ode.implicitEuler, order: 1, bessel: 64, nonlinear: ["B4", 64] },
  { method: ode.midpoint, order: 2, bessel: 16, nonlinear: ["B4", 32] },
  { method: ode.heun, order: 2, bessel: 16, nonlinear: ["B4", 32] },
  { method: ode.ralston, order: 2, bessel: 16, nonlinear: ["B4", 32] },
  { method: ode.bosh3, order: 3, bessel: 16, nonlinear: ["B4", 16] },
  { method: ode.rk4, order: 4, bessel: 16, nonlinear: ["B4", 16] },
  { method: ode.rodas4, order: 4, bessel: 64, nonlinear: ["B4", 32] },
  // The first term of its error is very small: the second rules until steps are short. On an orbit they may be longer.
  { method: ode.tsit5, order: 5, bessel: 16, nonlinear: ["D1", 32] },
  { method: ode.dopri5, order: 5, bessel: 8, nonlinear: ["D1", 32] },
  { method: ode.rodas5p, order: 5, bessel: 16, nonlinear: ["B4", 16] },
  { method: ode.dopri8, order: 8, bessel: 4, nonlinear: ["B4", 4] },
] as const)("$method.name is of order $order", ({ method, order, bessel, nonlinear }) => {
  test.each([
    ["where the rate depends on time", "E1", bessel],
    ["where it is not linear", ...nonlinear],
  ] as const)("%s", async (_, name, few) => {
    const { law, y0, exact } = problem(name);
    const { slope, fine } = await measure(method, law, float64(y0), exact!, few);
    expect(method.order).toBe(order);
    expect(fine).toBeGreaterThan(5e-14);
    expect(Math.abs(slope - order)).toBeLessThan(0.1);
  });
});

describe("equations of second order", () => {
  /** A circular orbit, and beside it an oscillator that is pushed in its own rhythm: q = t sin t. */
  const moving = ode.secondOrder((q, t) => {
    const place = q.slice(0, 2);
    const square = place.square().sum();
    const pushed = t.cos().mul(2).sub(q.at(2)).unsqueeze(0);
    return concat([place.div(square.mul(square.sqrt())).neg(), pushed]);
  });
  const motion = (t: number) => [
    ...[Math.cos(t), Math.sin(t), t * Math.sin(t)],
    ...[-Math.sin(t), Math.cos(t), Math.sin(t) + t * Math.cos(t)],
  ];
  const start = float64(motion(0)).reshape([2, 3]);

  test.each([
    { method: ode.leapfrog, order: 2, few: 32 },
    { method: ode.yoshida4, order: 4, few: 32 },
    { method: ode.rk4, order: 4, few: 32 },
  ])("$method.name is of order $order", async ({ method, order, few }) => {
    const { slope } = await measure(method, moving, start, motion, few);
    expect(method.order).toBe(order);
    expect(Math.abs(slope - order)).toBeLessThan(0.1);
  });
  test.each([{ method: ode.implicitEuler }, { method: ode.rodas4 }, { method: ode.rodas5p }])(
    "$method.name takes a state of two axes as the same state in a row",
    async ({ method }) => {
      const options = { method, substeps: 8 };
      const flat = (y: Tensor, t: Tensor) => moving(y.reshape([2, 3]), t).flatten();
      const r = await compile(() => ({
        table: ode.solve(moving, start, times, options).flatten(),
        row: ode.solve(flat, start.flatten(), times, options).flatten(),
      })).run();
      r.row.data.forEach((y, i) => expect(r.table.data[i]).toBeCloseTo(y, 12));
    },
  );
});
