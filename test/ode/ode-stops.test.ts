import * as fc from "fast-check";
import { compile, grad, ode, stack, type Tensor, tensor, where } from "pondus";
import { describe, expect, test } from "vitest";

const dtype = "float64" as const;
const float64 = (values: number | readonly number[]) => tensor(values, { dtype });
const size = (...shape: number[]) => ({ shape, dtype });

describe("a pulse between steps", () => {
  // At rest steps grow tenfold, and pass what they do not look at.
  const pulse = (_: Tensor, t: Tensor) => where(t.gt(5).and(t.lt(5.01)), float64([100]), 0);
  const ended = async (options: ode.SolveOptions) => {
    const s = ode.integrate(pulse, float64([0]), [0, 10], options);
    const r = await compile(() => ({ y: s.y, steps: s.steps, status: s.status })).run();
    return [r.y.item(), r.steps.item(), r.status.item()];
  };

  test("is passed over without either option, which is why there are two", async () => {
    expect((await ended({}))[0]).toBe(0);
  });
  test("is seen by steps no longer than it", async () => {
    const [y, steps] = await ended({ maxStep: 0.005 });
    expect(y).toBeCloseTo(1, 4);
    expect(steps).toBeGreaterThanOrEqual(2000);
  });
  test("is exact between stops, at the price of a step for each", async () => {
    const [y, steps, status] = await ended({ stops: [5.01, 5] });
    expect(y).toBeCloseTo(1, 11);
    expect(steps).toBeLessThan(30);
    expect(status).toBe(1);
  });
});

test("maxStep bounds the first step too, and every method's", async () => {
  for (const method of [ode.tsit5, ode.dopri8, ode.rodas4]) {
    const s = ode.integrate((y) => y.mul(0), float64([1]), [0, 10], { maxStep: 0.5, firstStep: 9, method });
    const r = await compile(() => ({ steps: s.steps })).run();
    expect([20, 21]).toContain(r.steps.item());
  }
});

/** A rate that is another constant between any two edges, with the state's decay besides: exact by pieces. */
function stairs(options: ode.SolveOptions, isStrict: boolean, type: "float32" | "float64" = dtype) {
  return compile(
    ({ edges, heights, times, y0 }) => {
      const rate = (y: Tensor, t: Tensor) => {
        const isPast = isStrict ? t.gt(edges) : t.ge(edges);
        const level = heights.at(0).add(where(isPast, heights.slice(1), 0).sum());
        return y.neg().add(level);
      };
      const s = ode.integrate(rate, y0, times, { ...options, stops: edges });
      const [e, t] = grad(s.path.at(-1).sum(), [edges, times]);
      return { y: s.path.at(-1), status: s.status, e, t };
    },
    Object.fromEntries(
      Object.entries({ edges: [3], heights: [4], times: [2], y0: [1] }).map(([name, shape]) => [
        name,
        { shape, dtype: type },
      ]),
    ) as { [name in "edges" | "heights" | "times" | "y0"]: { shape: number[]; dtype: typeof type } },
  );
}

/** The exact end of it, from one time to another in either direction. */
function climbed(edges: readonly number[], heights: readonly number[], from: number, to: number, y0: number): number {
  const sorted = edges.map((at, i) => ({ at, by: heights[i + 1] })).sort((a, b) => a.at - b.at);
  const levelAt = (t: number) => heights[0] + sorted.reduce((sum, { at, by }) => (t > at ? sum + by : sum), 0);
  const inside = sorted.map(({ at }) => at).filter((t) => (t - from) * (t - to) < 0);
  const marks = [from, ...(to > from ? inside : inside.reverse()), to];
  let y = y0;
  for (let i = 0; i + 1 < marks.length; i++) {
    const level = levelAt((marks[i] + marks[i + 1]) / 2);
    y = level + (y - level) * Math.exp(marks[i] - marks[i + 1]);
  }
  return y;
}

const unit = fc.double({ min: -1, max: 1, noNaN: true });
const cases = fc.record({
  edges: fc
    .array(fc.double({ min: 0.1, max: 1.9, noNaN: true }), { minLength: 3, maxLength: 3 })
    .filter(([a, b, c]) => Math.min(Math.abs(a - b), Math.abs(b - c), Math.abs(c - a)) > 1e-3),
  heights: fc.array(
    unit.map((x) => 20 * x),
    { minLength: 4, maxLength: 4 },
  ),
  y0: unit,
  late: fc.constantFrom(0, 0, 1000),
  falls: fc.boolean(),
});

describe("stairs, to either side of which an edge may belong", () => {
  const hard = { rtol: 1e-8, atol: 1e-10 };
  test.each<[string, ode.SolveOptions, boolean, number]>([
    ["tsit5, strict", hard, true, 1e-6],
    ["tsit5, not strict", hard, false, 1e-6],
    ["dopri8", { ...hard, method: ode.dopri8 }, true, 1e-6],
    ["bosh3", { ...hard, method: ode.bosh3 }, false, 1e-5],
    ["rodas5p", { ...hard, method: ode.rodas5p }, true, 1e-6],
    ["tsit5 with checkpoints", { ...hard, adjoint: ode.direct({ checkpoints: 64 }) }, true, 1e-6],
  ])("%s", async (_, options, isStrict, tolerance) => {
    const program = stairs(options, isStrict);
    await fc.assert(
      fc.asyncProperty(cases, async ({ edges, heights, y0, late, falls }) => {
        const at = edges.map((t) => t + late);
        const [from, to] = falls ? [late + 2, late] : [late, late + 2];
        const r = await program.run({ edges: at, heights, times: [from, to], y0: [y0] });
        expect(r.status.item()).toBe(1);
        const near = (got: number, wanted: number) =>
          expect(Math.abs(got - wanted) / (1 + Math.abs(wanted))).toBeLessThan(tolerance);
        near(r.y.item(), climbed(at, heights, from, to, y0));
        // An edge that moves by dt leaves the rate at the former level for dt longer, and that decays; on the
        // way back it is at the later level that it stays longer.
        const lasting = (t: number) => Math.exp(t - to);
        at.forEach((t, i) => near(r.e.data[i], (falls ? 1 : -1) * heights[i + 1] * lasting(t)));
      }),
      { numRuns: 25, seed: 11 },
    );
  });
});

test("each trajectory of a batch stops for itself, with times of its own, in blocks too", async () => {
  for (const count of [3, 200]) {
    const edges = [0.3, 0.7];
    const rate = (y: Tensor, t: Tensor) => where(t.gt(edges[0]).and(t.lt(edges[1])), float64(10), 0).add(y.mul(0));
    const shifts = Array.from({ length: count }, (_, i) => i / count);
    const times = stack([float64(shifts), float64(shifts.map((x) => x + 1))]);
    const s = ode.integrate(rate, float64(shifts.map(() => 0)), times, { batch: 0, stops: edges });
    const r = await compile(() => ({ y: s.y, status: s.status })).run();
    shifts.forEach((x, i) => expect(r.y.data[i]).toBeCloseTo(10 * Math.max(0, 0.7 - Math.max(x, 0.3)), 9));
    expect([...new Set(r.status.data)]).toEqual([1]);
  }
});

test("the other adjoints stop as well", async () => {
  const program = compile(
    ({ p }) => {
      const rate = (y: Tensor, t: Tensor) => where(t.gt(5).and(t.lt(5.01)), p, 0).add(y.mul(-0.1));
      const slope = (adjoint: ode.Adjoint) =>
        grad(
          ode
            .solve(rate, float64([0]), [0, 10], { adjoint, stops: [5, 5.01], rtol: 1e-9, atol: 1e-11 })
            .at(-1)
            .sum(),
          p,
        );
      return { through: slope(ode.direct()), back: slope(ode.backsolve()), forward: slope(ode.forward()) };
    },
    { p: size(1) },
  );
  const r = await program.run({ p: [100] });
  const wanted = 10 * (Math.exp(-0.499) - Math.exp(-0.5));
  for (const name of ["through", "back", "forward"] as const) expect(r[name].item()).toBeCloseTo(wanted, 9);
});

test("a stop that is a wanted time, the start or the end is no other", async () => {
  const s = ode.integrate((y) => y.neg(), float64([1]), [0, 0.5, 1], { stops: [0, 0.5, 1, 7, -3], rtol: 1e-9 });
  const r = await compile(() => ({ path: s.path, status: s.status })).run();
  expect(r.status.item()).toBe(1);
  [1, Math.exp(-0.5), Math.exp(-1)].forEach((y, i) => expect(r.path.data[i]).toBeCloseTo(y, 8));
});

test.each<[string, ode.SolveOptions, RegExp]>([
  ["maxStep of none", { maxStep: 0 }, /maxStep must be a number above 0, but 0 came/],
  ["maxStep in fixed steps", { maxStep: 1, substeps: 3 }, /give more substeps/],
  ["stops in fixed steps", { stops: [1], substeps: 3 }, /make them wanted times/],
  ["stops that are no times", { stops: [Number.NaN] }, /stops are finite times/],
  ["stops of another type", { stops: tensor([1]) }, /stops are a list of float64 .* float32 \[1\]/],
])("%s", (_, options, message) => {
  expect(() => ode.solve((y) => y, float64([1]), [0, 1], options)).toThrow(message);
});
