import { readFileSync } from "node:fs";
import { compile, grad, laws, nn, ode, parameter, parameterOf, stack, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/ode.json", import.meta.url), "utf8"));
const methods = { euler: ode.euler, midpoint: ode.midpoint, rk4: ode.rk4, tsit5: ode.tsit5 };
type Knobs = readonly Tensor[];
interface Problem {
  parameters: Record<string, number>;
  y0: number[];
  t: number[];
  methods: Record<string, number[][]>;
  gradient: { jacobian: number[][] };
}

const rates: Record<string, (y: Tensor, p: Knobs) => Tensor> = {
  logistic: (y, [r, K]) => y.mul(r).mul(y.div(K).neg().add(1)),
  lotkaVolterra: (y, [a, b, c, d]) => {
    const [prey, hunter] = [y.at(0), y.at(1)];
    const met = prey.mul(hunter);
    return stack([prey.mul(a).sub(met.mul(b)), met.mul(d).sub(hunter.mul(c))]);
  },
};
const float64 = (values: number | readonly number[]) => tensor(values, { dtype: "float64" });
const largest = (got: ArrayLike<number>, wanted: readonly number[]) =>
  wanted.reduce((worst, w, i) => Math.max(worst, Math.abs(got[i] - w) / Math.max(1, Math.abs(w))), 0);

describe.each(Object.entries<Problem>(fixture.problems))("%s", (name, problem) => {
  const law = rates[name];
  const values = Object.values(problem.parameters);
  test.each(Object.entries(methods))("%s agrees with the reference implementation", async (method, tableau) => {
    const p = values.map((v) => float64(v));
    const path = ode.solve((y) => law(y, p), float64(problem.y0), problem.t, { method: tableau, substeps: 2 });
    const r = await compile(() => ({ path })).run();
    expect(r.path.shape).toEqual([problem.t.length, problem.y0.length]);
    expect(largest(r.path.data, problem.methods[method].flat())).toBeLessThan(2e-12);
  });

  test("gradient of the final state against JAX", async () => {
    const program = compile(
      ({ theta, y0 }) => {
        const p = values.map((_, i) => theta.at(i));
        const end = ode.solve((y) => law(y, p), y0, problem.t, { method: ode.rk4, substeps: 2 }).at(-1);
        const rows = problem.y0.map((_: number, i: number) => grad(end.at(i), [theta, y0]));
        return Object.fromEntries(
          rows.flatMap(([a, b]: Tensor[], i: number) => [
            [`p${i}`, a],
            [`y${i}`, b],
          ]),
        ) as Record<string, Tensor>;
      },
      {
        theta: { shape: [values.length], dtype: "float64" },
        y0: { shape: [problem.y0.length], dtype: "float64" },
      },
    );
    const r = await program.run({ theta: values, y0: problem.y0 });
    problem.gradient.jacobian.forEach((row: number[], i: number) => {
      expect(largest([...r[`p${i}`].data, ...r[`y${i}`].data], row)).toBeLessThan(1e-11);
    });
  });
});

describe("order: slope of the error against the step", () => {
  // The harmonic oscillator: x(t) = cos t. Small enough steps for the first term of the error to rule, large enough for
  // the error to stand above rounding.
  test.each(Object.values(methods))("$name", async (method) => {
    const [few, many] = method.order === 5 ? [64, 128] : [256, 512];
    const turning = (y: Tensor) => stack([y.at(1), y.at(0).neg()]);
    const solve = (substeps: number) =>
      ode
        .solve(turning, float64([1, 0]), [0, 3], { method, substeps })
        .at(-1)
        .at(0);
    const r = await compile(() => ({ coarse: solve(few), fine: solve(many) })).run();
    const error = (x: number) => Math.abs(x - Math.cos(3));
    const slope = Math.log2(error(r.coarse.item()) / error(r.fine.item()));
    expect(Math.abs(slope - method.order)).toBeLessThan(0.1);
  });

  test.each(Object.values(methods))("$name: rows of the tableau are consistent", ({ a, b, c }) => {
    a.forEach((row, i) => expect(row.reduce((s, x) => s + x, 0)).toBeCloseTo(c[i], 12));
    expect(b.reduce((s, x) => s + x, 0)).toBeCloseTo(1, 12);
  });
});

describe("solve", () => {
  // A method of order p integrates polynomials of degree p - 1 without error, if each stage stands at its own time.
  test.each(Object.values(methods))("$name: a rate that depends on time alone", async (method) => {
    const { order } = method;
    const power = (y: Tensor, t: Tensor) => y.mul(0).add(t.pow(order - 1).mul(order));
    const path = ode.solve(power, float64(0.125 ** order), [0.125, 0.5, 2], { method, substeps: 3 });
    const r = await compile(() => ({ path })).run();
    expect(largest(r.path.data, [0.125 ** order, 0.5 ** order, 2 ** order])).toBeLessThan(1e-13);
  });

  test("uneven and falling times, any shape of state", async () => {
    const y0 = float64([1, 2, 3, 4, 5, 6]).reshape([2, 3]);
    const decay = (y: Tensor) => y.neg();
    const program = compile(() => ({
      uneven: ode.solve(decay, y0, [0, 0.1, 0.5, 0.6], { substeps: 4 }),
      back: ode.solve(decay, y0, [0.5, 0], { substeps: 20 }),
      alone: ode.solve(decay, y0, [3]),
    }));
    const r = await program.run();
    expect(r.uneven.shape).toEqual([4, 2, 3]);
    const wanted = [0, 0.1, 0.5, 0.6].flatMap((t) => [1, 2, 3, 4, 5, 6].map((y) => y * Math.exp(-t)));
    expect(largest(r.uneven.data, wanted)).toBeLessThan(1e-7);
    expect(r.back.data[11]).toBeCloseTo(6 * Math.exp(0.5), 7);
    expect(r.alone.toList()).toEqual([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
  });

  test("the first row is y0, bit for bit, and the gradient reaches the times", async () => {
    const program = compile(
      ({ t }) => {
        const path = ode.solve((y) => y, float64([0.1]), t, { method: ode.tsit5, substeps: 8 });
        return { path, slope: grad(path.at(-1).sum(), t) };
      },
      { t: { shape: [2], dtype: "float64" } },
    );
    const r = await program.run({ t: [0, 1] });
    expect(r.path.data[0]).toBe(0.1);
    expect(r.slope.data[1]).toBeCloseTo(0.1 * Math.E, 6);
    expect(r.slope.data[0]).toBeCloseTo(-0.1 * Math.E, 6);
  });

  test("a network as the rate, and the gradient of its weights", async () => {
    const rate = nn.sequential(nn.dense(1, 4, { dtype: "float64" }), nn.tanh, nn.dense(4, 1, { dtype: "float64" }));
    nn.initialize(rate, 3);
    const weight = rate.children[0].parameters.weight;
    const loss = ode
      .solve(rate, float64([0.5]), [0, 1, 2], { substeps: 2 })
      .square()
      .sum();
    const program = compile(() => ({ loss, g: grad(loss, weight) }));
    const g = (await program.run()).g.data;
    const p = parameterOf(weight)!;
    const start = [...p.read()];
    const at = async (i: number, e: number) => {
      p.write(start.map((w, k) => (k === i ? w + e : w)));
      return (await program.run()).loss.item();
    };
    for (let i = 0; i < 4; i++) expect(g[i]).toBeCloseTo(((await at(i, 1e-6)) - (await at(i, -1e-6))) / 2e-6, 7);
  });

  test("mistakes", () => {
    const y0 = tensor([1, 2]);
    expect(() => ode.solve((y) => y.at(0), y0, [0, 1])).toThrow(/state is float32 \[2\], but the rate is float32 \[\]/);
    expect(() => ode.solve((y) => y, y0, float64([0, 1]))).toThrow(/times must be a list of at least one float32/);
    expect(() => ode.solve((y) => y, y0, [])).toThrow(/at least one float32/);
    expect(() => ode.solve((y) => y, y0, [0, 1], { substeps: 0 })).toThrow(/substeps must be a whole number from 1/);
    expect(() => ode.solve((y) => y, tensor([1], { dtype: "int32" }), [0, 1])).toThrow(/must be a float/);
  });
});

test("the logistic law in closed form against SciPy's", async () => {
  const { exact, t, parameters, y0 } = fixture.problems.logistic;
  const knob = (v: number) => parameter([], v, { dtype: "float64" });
  const law = laws.logistic(float64(t), { rate: knob(parameters.r), capacity: knob(parameters.K), start: knob(y0[0]) });
  const r = await compile(() => ({ law })).run();
  expect(largest(r.law.data, exact.flat())).toBeLessThan(1e-13);
});
