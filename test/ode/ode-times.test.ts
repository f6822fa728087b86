import * as fc from "fast-check";
import { compile, grad, ode, stack, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";

const dtype = "float64" as const;
const float64 = (values: number | readonly number[]) => tensor(values, { dtype });
const turning = (y: Tensor) => stack([y.at(1), y.at(0).neg()]);

describe("how many times are wanted does not matter", () => {
  test.each([ode.tsit5, ode.dopri8, ode.rodas5p])(
    "$name takes the same steps, whatever is read off them",
    async (method) => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 400 }), fc.boolean(), async (count, falls) => {
          const rising = [0, ...Array.from({ length: count }, (_, i) => (6 * (i + 0.5)) / count), 6];
          const times = falls ? rising.toReversed() : rising;
          const y0 = float64([Math.cos(times[0]), -Math.sin(times[0])]);
          const options = { method, rtol: 1e-8, atol: 1e-9 };
          const many = ode.integrate(turning, y0, times, options);
          const few = ode.integrate(turning, y0, [times[0], times[times.length - 1]], options);
          const r = await compile(() => ({
            path: many.path,
            y: many.y,
            steps: many.steps,
            end: few.y,
            wanted: few.steps,
          })).run();
          times.forEach((t, i) => expect(r.path.data[2 * i]).toBeCloseTo(Math.cos(t), 6));
          expect(r.steps.item()).toBe(r.wanted.item());
          expect(Array.from(r.y.data)).toEqual(Array.from(r.end.data));
        }),
        { numRuns: 3, seed: 3 },
      );
    },
  );

  test("40,000 times within 100 steps, and what that costs is in proportion", async () => {
    const times = Array.from({ length: 40_000 }, (_, i) => i / 4000);
    const s = ode.integrate((y) => y.neg(), float64([1]), times, { maxSteps: 100 });
    const r = await compile(() => ({ path: s.path, evaluations: s.evaluations, steps: s.steps })).run();
    times.forEach((t, i) => {
      if (Math.abs(r.path.data[i] - Math.exp(-t)) > 1e-5) throw new Error(`at ${t} ${r.path.data[i]} came`);
    });
    expect(r.evaluations.item()).toBeLessThan(6 * (40_000 / 8 + 2 * r.steps.item() + 20));
  });

  test.each([0, 1])("a batch's, of its own, along axis %i", async (batch) => {
    const count = 5000;
    const ends = [1, 3, 10];
    const own = ends.map((end) => Array.from({ length: count }, (_, i) => (end * i) / (count - 1)));
    const times = stack(
      own.map((list) => float64(list)),
      1,
    );
    const start = stack([float64([1, 2, 3]), float64([0, 0, 0])], 1 - batch);
    const rate = (y: Tensor) =>
      batch === 1
        ? stack([y.at(1), y.at(0).neg()])
        : stack([y.gather(tensor(1, { dtype: "int32" }), 1), y.gather(tensor(0, { dtype: "int32" }), 1).neg()], 1);
    const s = ode.integrate(rate, start, times, { batch, maxSteps: 400, rtol: 1e-8, atol: 1e-9 });
    const r = await compile(() => ({ path: s.path, status: s.status })).run();
    expect([...r.status.data]).toEqual([1, 1, 1]);
    let worst = 0;
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < 3; k++) {
        const [x, v] = batch === 1 ? [i * 6 + k, i * 6 + 3 + k] : [i * 6 + 2 * k, i * 6 + 2 * k + 1];
        const t = own[k][i];
        worst = Math.max(
          worst,
          Math.abs(r.path.data[x] - (k + 1) * Math.cos(t)),
          Math.abs(r.path.data[v] + (k + 1) * Math.sin(t)),
        );
      }
    }
    expect(worst).toBeLessThan(1e-6);
  });

  test("too few steps end each trajectory at its own", async () => {
    const times = Array.from({ length: 300 }, (_, i) => i / 10);
    const start = stack([float64([1, 1]), float64([0, 0])]);
    const speed = float64([0.01, 30]);
    const rate = (y: Tensor) => stack([y.at(1).mul(speed), y.at(0).mul(speed).neg()]);
    for (const adjoint of [ode.direct(), ode.direct({ checkpoints: 5 })]) {
      const s = ode.integrate(rate, start, times, { batch: 1, maxSteps: 40, rtol: 1e-6, adjoint });
      const r = await compile(() => ({ ...s })).run();
      expect(Array.from(r.status.data, (x, i) => ode.outcome({ status: x, t: r.t.data[i] }).reason)).toEqual([
        "done",
        "too many steps",
      ]);
      expect(r.steps.data[1] + r.rejected.data[1]).toBe(40);
      expect(r.path.data[299 * 4]).toBeCloseTo(Math.cos(0.299), 5);
      expect(r.path.data[299 * 4 + 1]).toBeNaN();
    }
  });

  test("gradients come through all of them", async () => {
    const times = Array.from({ length: 500 }, (_, i) => i / 100);
    const program = compile(
      ({ y0, k }) => {
        const path = ode.solve((y) => y.mul(k).neg(), y0, times, { rtol: 1e-9, atol: 1e-11 });
        const [a, b] = grad(path.sum(), [y0, k]);
        return { a, b };
      },
      { y0: { shape: [1], dtype }, k: { shape: [], dtype } },
    );
    const r = await program.run({ y0: [2], k: [0.7] });
    const sum = (f: (t: number) => number) => times.reduce((total, t) => total + f(t), 0);
    expect(r.a.item() / sum((t) => Math.exp(-0.7 * t))).toBeCloseTo(1, 8);
    expect(r.b.item() / sum((t) => -2 * t * Math.exp(-0.7 * t))).toBeCloseTo(1, 8);
  });
});

describe("float32 times that round together", () => {
  const late = [1.7e9, 1.7e9 + 10, 1.7e9 + 30];
  const decay = (y: Tensor) => y.div(-10);

  test("count from the first: the rate does not look at the time", async () => {
    const options: ode.SolveOptions[] = [
      {},
      { method: ode.rk4, substeps: 20 },
      { method: ode.rodas5p, rtol: 1e-3 },
      { batch: 0 },
    ];
    for (const some of options) {
      const { path } = await compile(() => ({ path: ode.solve(decay, tensor([1]), late, some) })).run();
      [1, Math.exp(-1), Math.exp(-3)].forEach((y, i) => expect(path.data[i]).toBeCloseTo(y, 3));
    }
  });

  test("and every adjoint with it", async () => {
    for (const adjoint of [ode.direct(), ode.backsolve(), ode.forward()]) {
      const program = compile(
        ({ p }) => {
          const path = ode.solve((y) => y.mul(p).neg(), tensor([1]), late, { adjoint, rtol: 1e-5 });
          return { g: grad(path.at(-1).sum(), p) };
        },
        { p: [] },
      );
      expect((await program.run({ p: [0.1] })).g.item() / (-30 * Math.exp(-3))).toBeCloseTo(1, 3);
    }
  });

  test("are refused where it does, and say how far apart they must be", () => {
    const driven = (y: Tensor, t: Tensor) => y.neg().add(t.sin());
    expect(() => ode.solve(driven, tensor([1]), late)).toThrow(
      /depends on the time, of which float32 tells apart only every 2[0-9]+ near/,
    );
    expect(() => ode.solve(driven, float64([1]), late)).not.toThrow();
    expect(() => ode.solve(driven, tensor([1]), [1000, 1010])).not.toThrow();
  });

  test("an event's time and the last one are as near as float32 comes", async () => {
    const s = ode.integrate(decay, tensor([1]), late, { event: { when: (y) => y.at(0).sub(0.5) } });
    const r = await compile(() => ({ t: s.t, y: s.y, status: s.status })).run();
    expect([r.t.item(), r.status.item()]).toEqual([Math.fround(1.7e9), 2]);
    expect(r.y.item()).toBeCloseTo(0.5, 5);
  });
});

test("times that are no list", () => {
  const solve = (times: unknown) => () => ode.solve((y) => y, float64([1]), times as number[]);
  for (const odd of [[], 3, "0,1", [0, "1"], undefined]) expect(solve(odd)).toThrow(/ode.solve: times must be a list/);
});
