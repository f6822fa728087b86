import * as fc from "fast-check";
import { compile, grad, ode, stack, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

const float64 = (values: number | readonly number[] | readonly (readonly number[])[]) =>
  tensor(values, { dtype: "float64" });
const dtype = "float64" as const;
const turning = (y: Tensor) => stack([y.at(1), y.at(0).neg()]);
const exact = { rtol: 1e-10, atol: 1e-12 };

/** A solution's numbers, and what they say. */
async function solved(solution: ode.Solution) {
  const r = await compile(() => ({ ...solution })).run();
  const [status, t, steps] = [r.status.item(), r.t.item(), r.steps.item()];
  return { ...r, told: ode.outcome({ status, t, steps }) };
}

onEveryBackend((backend) => {
  test("wanted times, dense or sparse, rising or falling, change nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0.001, max: 0.999, noNaN: true }), { maxLength: 40 }),
        fc.boolean(),
        async (inside, falls) => {
          const sorted = [0, ...inside.map((x) => 4 * x).sort((a, b) => a - b), 4];
          const times = falls ? sorted.toReversed() : sorted;
          const y0 = float64([Math.cos(times[0]), -Math.sin(times[0])]);
          const { path } = await compile(() => ({ path: ode.solve(turning, y0, times, exact) }), {}, { backend }).run();
          times.forEach((t, i) => expect(path.data[2 * i]).toBeCloseTo(Math.cos(t), 7));
        },
      ),
      { numRuns: backend === "native" ? 4 : 8, seed: 1 },
    );
  });
});

test("times that stand still", async () => {
  const y0 = float64([1, 0]);
  const paths = [[3], [3, 3], [3, 3, 3], [0, 0, 0, 1, 1, 1]].map((times) => ode.solve(turning, y0, times, exact));
  const r = await compile(() => Object.fromEntries(paths.map((path, i) => [`p${i}`, path]))).run();
  expect(Array.from(r.p0.data)).toEqual([1, 0]);
  expect(Array.from(r.p1.data)).toEqual([1, 0, 1, 0]);
  expect(Array.from(r.p2.data)).toEqual([1, 0, 1, 0, 1, 0]);
  expect(Array.from(r.p3.data).slice(0, 6)).toEqual([1, 0, 1, 0, 1, 0]);
  for (const i of [6, 8, 10]) expect(r.p3.data[i]).toBeCloseTo(Math.cos(1), 10);
});

describe("what is asked for alone is what is asked for together", () => {
  test.each([{ substeps: 3, method: ode.rk4 }, { rtol: 1e-6 }])("%o", async (options) => {
    const s = ode.integrate(turning, float64([1, 0]), [0, 1, 2], options);
    const all = await compile(() => ({ ...s })).run();
    for (const name of Object.keys(s) as (keyof ode.Solution)[]) {
      const alone = await compile(() => ({ x: s[name] })).run();
      expect(Array.from(alone.x.data)).toEqual(Array.from(all[name].data));
    }
  });
});

describe("batches", () => {
  const start = float64([
    [1, 2, 3],
    [0, 0, 0],
  ]);
  const own = float64([
    [0, 0, 0],
    [1, 2, 4],
  ]);

  test("the rate sees one shape of time", async () => {
    const seen = new Set<string>();
    const rate = (y: Tensor, t: Tensor) => {
      seen.add(String(t.shape));
      return y.neg().add(t);
    };
    for (const options of [{}, { substeps: 2 }]) {
      await compile(() => ({ ...ode.integrate(rate, float64([1, 2, 3]), [0, 1], { batch: 0, ...options }) })).run();
    }
    expect([...seen]).toEqual(["3"]);
  });

  test("equations of second order have times of their own", async () => {
    const pushed = ode.secondOrder((q, t) => q.neg().add(t.mul(0)));
    for (const options of [exact, { method: ode.yoshida4, substeps: 400 }]) {
      const s = ode.integrate(pushed, start, own, { ...options, batch: 1 });
      const { y } = await compile(() => ({ y: s.y })).run();
      [1, 2, 4].forEach((t, i) => expect(y.data[i]).toBeCloseTo((i + 1) * Math.cos(t), 6));
    }
  });

  test("in fixed steps each has its own end too", async () => {
    const s = ode.integrate((y) => y.square(), float64([0.1, 5]), [0, 0.5, 1.5], { batch: 0, substeps: 40 });
    const { status, t, y, steps } = await compile(() => ({ ...s })).run();
    expect(Array.from(status.data, (x, i) => ode.outcome({ status: x, t: t.data[i] }).reason)).toEqual([
      "done",
      "not finite",
    ]);
    expect([t.data[0], steps.data[0], steps.data[1]]).toEqual([1.5, 80, 80]);
    expect(y.data[0]).toBeCloseTo(1 / (10 - 1.5), 5);
  });
});

test("maxSteps is the most steps, with checkpoints too", async () => {
  for (const [maxSteps, checkpoints] of [
    [10, 4],
    [100, 64],
  ]) {
    const adjoint = ode.direct({ checkpoints });
    const s = ode.integrate(turning, float64([1, 0]), [0, 1e5], { maxSteps, adjoint });
    const { steps, rejected, told } = await solved(s);
    expect(told.reason).toBe("too many steps");
    expect(steps.item() + rejected.item()).toBe(maxSteps);
  }
});

test("in float32 a late start is as good as an early one", async () => {
  const y0 = tensor([1, 0]);
  // Of several starts, since a single error is what rounding left of it.
  const errorFrom = async (starts: readonly number[]) => {
    const paths = starts.map((t) => ode.solve(turning, y0, [t, t + 16], { rtol: 1e-5 }));
    const r = await compile(() => Object.fromEntries(paths.map((path, i) => [`p${i}`, path]))).run();
    return Math.max(...starts.map((_, i) => Math.abs(r[`p${i}`].data[2] - Math.cos(16))));
  };
  expect(await errorFrom([16384, 16400, 17000])).toBeLessThan(3 * (await errorFrom([0, 1, 16])));
});

test("where an adjoint is not the solver's, what ended early has still an end", async () => {
  for (const adjoint of [ode.forward(), ode.backsolve(), ode.direct()]) {
    const { y, t } = await solved(ode.integrate(turning, float64([1, 0]), [0, 100], { adjoint, maxSteps: 5 }));
    expect(y.data[0]).toBeCloseTo(Math.cos(t.item()), 4);
  }
});

describe("events", () => {
  const falling = ode.secondOrder((q) => q.mul(0).sub(9.81));

  test("end where a number goes through 0, and depend on what they should", async () => {
    const program = compile(
      ({ height }) => {
        const y0 = stack([height, height.mul(0)]);
        const s = ode.integrate(falling, y0, [0, 0.2, 0.4, 9], { event: { when: (y) => y.at(0).at(0) }, ...exact });
        return { ...s, g: grad(s.t, height), v: grad(s.y.at(1).sum(), height) };
      },
      { height: { shape: [1], dtype } },
    );
    const r = await program.run({ height: [2] });
    const told = ode.outcome({ status: r.status.item(), t: r.t.item() });
    expect(told.reason).toBe("event");
    expect(r.t.item()).toBeCloseTo(Math.sqrt(4 / 9.81), 12);
    expect(r.y.data[0]).toBeCloseTo(0, 12);
    expect(r.y.data[1]).toBeCloseTo(-Math.sqrt(4 * 9.81), 11);
    expect(r.g.item()).toBeCloseTo(1 / Math.sqrt(2 * 9.81 * 2), 9);
    expect(r.v.item()).toBeCloseTo(-Math.sqrt(9.81 / 4), 9);
    expect(r.path.data[2]).toBeCloseTo(2 - 0.5 * 9.81 * 0.04, 11);
    expect(Array.from(r.path.data.slice(6))).toEqual([Number.NaN, Number.NaN]);
  });

  test.each([
    ["rising", (3 * Math.PI) / 2],
    ["falling", Math.PI / 2],
    [undefined, Math.PI / 2],
  ] as const)("in the direction that was asked for: %s", async (direction, wanted) => {
    const event = { when: (y: Tensor) => y.at(0), direction };
    const { t } = await solved(ode.integrate(turning, float64([1, 0]), [0, 10], { event, ...exact }));
    expect(t.item()).toBeCloseTo(wanted, 9);
  });

  test("one that never happens changes nothing", async () => {
    const event = { when: (y: Tensor) => y.square().sum().add(1) };
    const { path, told } = await solved(ode.integrate(turning, float64([1, 0]), [0, 1], { event, ...exact }));
    expect(told.reason).toBe("done");
    expect(path.data[2]).toBeCloseTo(Math.cos(1), 10);
  });
});

describe("what goes wrong is said, with where", () => {
  const one = float64([1]);
  test.each<[string, ode.Solution, string, RegExp]>([
    [
      "a pole",
      ode.integrate((y) => y.square(), one, [0, 0.5, 2]),
      "step too small",
      /no step from t = 1 is short enough/,
    ],
    ["a rate that is NaN at once", ode.integrate((y) => y.neg().sqrt(), one, [0, 1]), "not finite", /beyond t = 0 /],
    [
      "a rate that is NaN later",
      ode.integrate((_, t) => t.neg().add(0.5).sqrt().unsqueeze(0), one, [0, 1]),
      "not finite",
      /beyond t = 0\.[45]/,
    ],
    ["a state that is NaN", ode.integrate((y) => y, float64([Number.NaN]), [0, 1]), "not finite", /beyond t = 0 /],
    [
      "a state that is infinite",
      ode.integrate((y) => y, float64([Number.POSITIVE_INFINITY]), [0, 1]),
      "not finite",
      /beyond t = 0 /,
    ],
    [
      "too many steps",
      ode.integrate(turning, float64([1, 0]), [0, 1e6], { maxSteps: 50 }),
      "too many steps",
      /larger maxSteps/,
    ],
    [
      "a stiff equation",
      ode.integrate((y) => y.mul(-1e6), one, [0, 100], { maxSteps: 500 }),
      "too many steps",
      /rodas5p/,
    ],
    [
      "times out of order, known when it runs",
      ode.integrate((y) => y, one, float64([0, 2, 1])),
      "times out of order",
      /sort them/,
    ],
    ["times that are NaN", ode.integrate((y) => y, one, float64([0, Number.NaN])), "times out of order", /sort them/],
    [
      "growth beyond all numbers, in fixed steps",
      ode.integrate((y) => y.square(), one, [0, 50], { substeps: 40, method: ode.rk4 }),
      "not finite",
      /beyond t = 0 /,
    ],
    [
      "implicit, a pole",
      ode.integrate((y) => y.square(), one, [0, 2], { method: ode.rodas5p }),
      "step too small",
      /t = 1 /,
    ],
  ])("%s", async (_, solution, reason, message) => {
    const { told, path } = await solved(solution);
    expect(told.ok).toBe(false);
    expect(told.reason).toBe(reason);
    expect(told.message).toMatch(message);
    expect(Number.isFinite(path.data.at(-1))).toBe(false);
  });

  test("in a batch each trajectory has its own fate", async () => {
    const s = ode.integrate((y) => y.square(), float64([0.1, 1, -1, Number.NaN]), [0, 1, 2], { batch: 0 });
    const r = await compile(() => ({ ...s })).run();
    const told = Array.from(r.status.data, (status, i) => ode.outcome({ status, t: r.t.data[i] }).reason);
    expect(told).toEqual(["done", "step too small", "done", "not finite"]);
    expect(r.path.data[8]).toBeCloseTo(1 / (10 - 2), 5);
    expect(r.path.data[9]).toBeNaN();
    expect(r.path.data[10]).toBeCloseTo(-1 / 3, 5);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["unsorted times", () => ode.solve((y) => y, one, [0, 2, 1]), /entry 2 is 1, after 2; sort them/],
    ["times that come back", () => ode.solve((y) => y, one, [0, 1, 0]), /rise or fall all the way/],
    ["times that are not finite", () => ode.solve((y) => y, one, [0, Number.NaN]), /entry 1 is NaN/],
    [
      "a negative tolerance",
      () => ode.solve((y) => y, one, [0, 1], { rtol: -1 }),
      /rtol must be a number from 0, but -1 came/,
    ],
    ["no tolerance at all", () => ode.solve((y) => y, one, [0, 1], { rtol: 0, atol: 0 }), /atol must be/],
    ["no steps", () => ode.solve((y) => y, one, [0, 1], { maxSteps: 0 }), /maxSteps must be a whole number from 1/],
    [
      "a tolerance for fixed steps",
      () => ode.solve((y) => y, one, [0, 1], { substeps: 3, rtol: 1e-3 }),
      /give one or the other/,
    ],
    [
      "a tolerance for a method without an error",
      () => ode.solve((y) => y, one, [0, 1], { method: ode.rk4, rtol: 1e-3 }),
      /rk4 does not know its error/,
    ],
    [
      "a batch axis that is none",
      () => ode.solve((y) => y, one, [0, 1], { batch: 1 }),
      /batch: 1 is no axis of the state/,
    ],
    [
      "an implicit batch",
      () => ode.solve((y) => y, one, [0, 1], { batch: 0, method: ode.rodas4 }),
      /one trajectory at a time/,
    ],
    [
      "checkpoints in fixed steps",
      () => ode.solve((y) => y, one, [0, 1], { substeps: 2, adjoint: ode.direct({ checkpoints: 4 }) }),
      /checkpoints are for steps that the error chooses/,
    ],
    [
      "an event in fixed steps",
      () => ode.solve((y) => y, one, [0, 1], { substeps: 2, event: { when: (y) => y.at(0) } }),
      /an event needs/,
    ],
    [
      "an event with an adjoint that does not know it",
      () => ode.solve((y) => y, one, [0, 1], { adjoint: ode.backsolve(), event: { when: (y) => y.at(0) } }),
      /leave adjoint out/,
    ],
    [
      "a tolerance of another shape",
      () => ode.solve((y) => y, one, [0, 1], { atol: float64([1, 2]) }),
      /atol is a number, or one for each entry of the state, which is float64 \[1\]/,
    ],
    [
      "an event that is no number",
      () => ode.solve((y) => y, one, [0, 1], { event: { when: (y) => y } }),
      /an event is one float64/,
    ],
    [
      "symplectic without secondOrder",
      () => ode.solve(turning, float64([1, 0]), [0, 1], { method: ode.leapfrog }),
      /takes ode\.secondOrder/,
    ],
    ["a first step of none", () => ode.solve((y) => y, one, [0, 1], { firstStep: 0 }), /firstStep must be/],
  ])("%s is refused", (_, f, message) => expect(f).toThrow(message));
});

test("statistics count what was done", async () => {
  let calls = 0;
  const rate = (y: Tensor) => {
    calls++;
    return turning(y);
  };
  const fixed = await solved(ode.integrate(rate, float64([1, 0]), [0, 1, 2], { method: ode.rk4, substeps: 5 }));
  expect([fixed.steps.item(), fixed.rejected.item(), fixed.evaluations.item()]).toEqual([10, 0, 40]);
  expect(calls).toBe(4);
  const own = await solved(ode.integrate(turning, float64([1, 0]), [0, 10], { rtol: 1e-8, firstStep: 5 }));
  expect(own.rejected.item()).toBeGreaterThan(0);
  expect(own.evaluations.item()).toBe(6 * (own.steps.item() + own.rejected.item()) + 1);
});
