import fc from "fast-check";
import { compile, nn, ode, optim, tensor } from "pondus";
import { knee, readableLaw, sparsePath } from "pondus/explain";
import { describe, expect, test } from "vitest";

/** Pseudo-random numbers, about normal: sums of a dozen uniform ones. */
function noise(seed: number) {
  let state = seed >>> 0 || 1;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, uniform).reduce((sum, u) => sum + u, -6);
}

const oneState = (values: readonly number[], rate: (n: number) => number, time = "hours") => ({
  time,
  states: [{ name: "yeast", values }],
  rates: [values.map(rate)],
});

/** The logistic curve itself, evenly in time. */
const logistic = (r: number, K: number, N0: number) =>
  Array.from({ length: 120 }, (_, i) => K / (1 + (K / N0 - 1) * Math.exp(-r * (i * (10 / r / 119)))));

describe("a law that is known", () => {
  test("logistic, whatever its constants and units, also with noise of 2 %", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.nat(),
        (a, b, seed) => {
          const [r, K] = [10 ** a, 10 ** b];
          const values = logistic(r, K, 0.02 * K);
          const draw = noise(seed);
          const exact = readableLaw(oneState(values, (n) => r * n * (1 - n / K)));
          expect(exact.terms.map(({ term }) => term)).toEqual(["N", "N^2"]);
          expect(exact.r).toBeCloseTo(r, -Math.log10(r) + 8);
          expect((exact.K as number) / K).toBeCloseTo(1, 8);
          const rough = readableLaw(oneState(values, (n) => r * n * (1 - n / K) + 0.02 * 0.25 * r * K * draw()));
          expect(rough.name).toBe("logistic");
          expect(Math.abs((rough.r as number) / r - 1)).toBeLessThan(0.05);
          expect(Math.abs((rough.K as number) / K - 1)).toBeLessThan(0.01);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("growth without bounds has one term, and a cubic threshold three", () => {
    const n = Array.from({ length: 60 }, (_, i) => 0.1 + i / 20);
    const free = readableLaw(oneState(n, (x) => 0.7 * x));
    expect(free.terms).toEqual([{ state: "yeast", term: "N", coefficient: expect.closeTo(0.7, 10) }]);
    expect([free.r, free.K, free.name]).toEqual([undefined, undefined, undefined]);
    // The Allee effect: below a threshold of 0.5 they die out.
    const allee = readableLaw(oneState(n, (x) => x * (x - 0.5) * (2 - x)));
    expect(allee.terms.map(({ term, coefficient }) => [term, Number(coefficient.toFixed(8))])).toEqual([
      ["N", -1],
      ["N^2", 2.5],
      ["N^3", -1],
    ]);
    expect(allee.equations[0].text).toBe("dN/dt = -1 N + 2.5 N^2 - 1 N^3");
  });

  test("Lotka and Volterra's, along one turn, with noise of 2 %", async () => {
    // Of hares and lynxes at Hudson Bay (Howard 2009, from Leigh 1968): a, b, c, d by least squares.
    const [a, b, c, d] = [0.4807, 0.0248, 0.9272, 0.0276];
    const start = tensor([30, 4], { dtype: "float64" });
    const path = ode.solve(
      (s) => {
        const [x, y] = [s.at(0), s.at(1)];
        const both = x.mul(y);
        return tensor([1, 0], { dtype: "float64" })
          .mul(x.mul(a).sub(both.mul(b)))
          .add(tensor([0, 1], { dtype: "float64" }).mul(both.mul(d).sub(y.mul(c))));
      },
      start,
      Array.from({ length: 201 }, (_, i) => i / 10),
      { method: ode.rk4, substeps: 4 },
    );
    const { data } = (await compile(() => ({ path })).run()).path;
    const [x, y] = [0, 1].map((s) => Array.from({ length: 201 }, (_, i) => data[2 * i + s]));
    const draw = noise(7);
    const rates = [
      x.map((v, i) => a * v - b * v * y[i] + 0.02 * 15 * draw()),
      x.map((v, i) => d * v * y[i] - c * y[i] + 0.02 * 15 * draw()),
    ];
    const law = readableLaw({
      time: "years",
      states: [
        { name: "hare", values: x },
        { name: "lynx", values: y },
      ],
      rates,
    });
    expect(law.name).toBe("Lotka-Volterra");
    expect(law.symbols).toEqual({ x: "hare", y: "lynx" });
    expect(law.library).toEqual(["1", "x", "y", "x^2", "x y", "y^2"]);
    expect(law.terms.map(({ state, term }) => `${state}: ${term}`)).toEqual([
      "hare: x",
      "hare: x y",
      "lynx: y",
      "lynx: x y",
    ]);
    const known = [a, -b, -c, d];
    law.terms.forEach(({ coefficient }, i) => {
      expect(Math.abs(coefficient / known[i] - 1)).toBeLessThan(0.03);
    });
  });

  test("a path has a fit for every number of terms, each no better than the one before; the knee is where it breaks", () => {
    const draw = noise(3);
    const columns = [0, 1, 2, 3, 4].map((k) =>
      Float64Array.from({ length: 80 }, (_, i) => 10 ** k * Math.cos(k * i + 0.1 * i * i)),
    );
    const target = Float64Array.from({ length: 80 }, (_, i) => 3 * columns[1][i] - 0.5 * columns[3][i] + 0.01 * draw());
    const path = sparsePath(columns, target);
    expect(path.map((fit) => fit.columns.length)).toEqual([5, 4, 3, 2, 1]);
    for (let i = 1; i < path.length; i++) expect(path[i].error).toBeGreaterThanOrEqual(path[i - 1].error);
    const found = path[knee(path)];
    expect(found.columns).toEqual([1, 3]);
    expect(found.coefficients[0]).toBeCloseTo(3, 2);
    expect(found.coefficients[1]).toBeCloseTo(-0.5, 4);
    expect(
      readableLaw(
        oneState([1, 2, 3, 4], (n) => n - n * n),
        { terms: 1 },
      ).terms,
    ).toHaveLength(1);
  });
});

test("a network that learned samples of a law gives it back", async () => {
  const [r, K] = [0.55, 660];
  const values = logistic(r, K, 10);
  const float64 = { dtype: "float64" } as const;
  const net = nn.sequential(nn.dense(1, 6, float64), nn.tanh, nn.dense(6, 1, float64));
  nn.initialize(net, 2);
  const column = (list: readonly number[]) => tensor(list, float64).reshape([-1, 1]);
  const n = column(values.map((v) => v / K));
  const rate = column(values.map((v) => (r * v * (1 - v / K)) / K));
  await optim.leastSquares({ residuals: net(n).sub(rate), steps: 60 });
  const { y } = await compile(() => ({ y: net(n) })).run();
  const learned = Array.from(y.data, (v) => v * K);
  const law = readableLaw({ ...oneState(values, () => 0), rates: [learned], reference: { r, K } });
  expect(law.name).toBe("logistic");
  expect(Math.abs(law.difference?.r as number)).toBeLessThan(0.01);
  expect(Math.abs(law.difference?.K as number)).toBeLessThan(0.002);
  expect(law.equations[0].error).toBeLessThan(0.02);
});

test("samples that are no samples are refused", () => {
  for (const wrong of [
    { ...oneState([1, 2], (n) => n), rates: [[1]] },
    { ...oneState([1, 2], (n) => n), rates: [] },
    oneState([1], (n) => n),
    oneState([1, 2], () => Number.NaN),
  ]) {
    expect(() => readableLaw(wrong)).toThrow("two or more samples");
  }
});
