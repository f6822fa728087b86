import { compile, grad, hvp, nn, ode, stack, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import type { Machine } from "../../src/compiler/ir/loop.ts";
import { priceInference } from "../../src/ledger/price.ts";
import { chooseBackend } from "../../src/runtime/choose.ts";
import { onEveryBackend } from "../support/every-backend.ts";

const float64 = (values: number | readonly number[]) => tensor(values, { dtype: "float64" });
const dtype = "float64" as const;

/** A pendulum that is driven and damped, of three knobs; it starts where the first two numbers say. */
const law = (y: Tensor, t: Tensor, p: Tensor) =>
  stack([
    y.at(1),
    y
      .at(0)
      .sin()
      .mul(p.at(0))
      .neg()
      .sub(y.at(1).mul(p.at(1)))
      .add(t.mul(2).sin().mul(p.at(2))),
  ]);
const times = [0, 0.4, 1, 1.1, 2.5, 3];
const point = [0.7, -0.3, 2.1, 0.3, 0.5];
const exact = { rtol: 1e-11, atol: 1e-13 };

function lossProgram(options: ode.SolveOptions, t: readonly number[] = times) {
  return compile(
    ({ y0, p, when }) => {
      const path = ode.solve((y, time) => law(y, time, p), y0, when, options);
      const weights = path
        .mul(0)
        .add(float64([1, -0.5]))
        .mul(float64(t.map((_, i) => Math.cos(i))).unsqueeze(1));
      const loss = path.mul(weights).sum().square();
      const [a, b, c] = grad(loss, [y0, p, when]);
      return { loss, a, b, c };
    },
    { y0: { shape: [2], dtype }, p: { shape: [3], dtype }, when: { shape: [t.length], dtype } },
  );
}

/** Central differences of sixth order. */
async function differences(f: (x: readonly number[]) => Promise<number>, x: readonly number[], h = 2e-3) {
  const found: number[] = [];
  for (let i = 0; i < x.length; i++) {
    const at = (k: number) => f(x.map((v, j) => (j === i ? v + k * h : v)));
    const pair = async (k: number) => (await at(k)) - (await at(-k));
    found.push((45 * (await pair(1)) - 9 * (await pair(2)) + (await pair(3))) / (60 * h));
  }
  return found;
}

async function gradients(options: ode.SolveOptions) {
  const program = lossProgram(options);
  const at = (x: readonly number[]) => program.run({ y0: x.slice(0, 2), p: x.slice(2, 5), when: x.slice(5) });
  const x = [...point, ...times];
  const r = await at(x);
  return {
    got: [...r.a.data, ...r.b.data, ...r.c.data],
    at: async (z: readonly number[]) => (await at(z)).loss.item(),
    x,
  };
}

const worst = (got: readonly number[], wanted: readonly number[]) =>
  Math.max(...got.map((g, i) => Math.abs(g - wanted[i]) / Math.max(1, Math.abs(wanted[i]))));

describe("through the solver, against finite differences", () => {
  test.each<[string, ode.SolveOptions]>([
    ["tsit5", exact],
    ["tsit5 with checkpoints", { ...exact, adjoint: ode.direct({ checkpoints: 16 }) }],
    ["dopri8", { ...exact, method: ode.dopri8 }],
    ["bosh3", { rtol: 1e-9, atol: 1e-11, method: ode.bosh3, maxSteps: 20_000 }],
    ["rodas5p", { ...exact, method: ode.rodas5p }],
    ["rk4 in fixed steps", { method: ode.rk4, substeps: 40 }],
    ["tsit5 with a PID controller", { ...exact, controller: ode.pid({ derivative: 0.1 }) }],
  ])("%s", async (_, options) => {
    const { got, at, x } = await gradients(options);
    expect(worst(got, await differences(at, x))).toBeLessThan(1e-7);
  });
});

test("implicit Euler's gradient is that of the solution of its equations", async () => {
  const { got, at, x } = await gradients({ method: ode.implicitEuler, substeps: 20 });
  expect(worst(got, await differences(at, x))).toBeLessThan(1e-7);
});

test("backsolve agrees to its tolerance, and gets better with it", async () => {
  const { got: wanted } = await gradients(exact);
  const errors = [];
  for (const rtol of [1e-4, 1e-7, 1e-10]) {
    const { got } = await gradients({ ...exact, adjoint: ode.backsolve({ rtol, atol: rtol * 1e-2 }) });
    errors.push(worst(got, wanted));
    expect(errors.at(-1)).toBeLessThan(30 * rtol);
  }
  expect(errors[2]).toBeLessThan(errors[0] / 100);
});

test("forward sensitivities are the same derivative", async () => {
  const [{ got: through }, { got: forward }] = [
    await gradients(exact),
    await gradients({ ...exact, adjoint: ode.forward() }),
  ];
  expect(worst(forward.slice(0, 5), through.slice(0, 5))).toBeLessThan(1e-11);
});

test("forward refuses many numbers", () => {
  const net = nn.dense(1, 100);
  const path = ode.solve((y) => net(y).mean().unsqueeze(0), tensor([1]), [0, 1], {
    adjoint: ode.forward(),
    rtol: 1e-3,
  });
  expect(() => grad(path.sum(), net.parameters.weight)).toThrow(/at most 64, but they are 100;/);
});

onEveryBackend((backend) => {
  test("the gradient of a batch is each trajectory's own", async () => {
    const starts = [
      [0.7, 1.2, -0.4],
      [-0.3, 0.1, 0.9],
    ];
    const p = float64(point.slice(2));
    const ends = float64([1, 2, 3]);
    const batched = compile(
      ({ y0 }) => {
        const when = stack([ends.mul(0), ends.mul(0.4), ends]);
        const path = ode.solve((y, t) => law(y, t.reshape([3]), p), y0, when, { rtol: 1e-9, atol: 1e-11, batch: 1 });
        return { path, g: grad(path.square().sum(), y0) };
      },
      { y0: { shape: [2, 3], dtype } },
      { backend },
    );
    const r = await batched.run({ y0: starts });
    for (let i = 0; i < 3; i++) {
      const alone = compile(
        ({ y0 }) => {
          const path = ode.solve((y, t) => law(y, t, p), y0, [0, 0.4 * (i + 1), i + 1], { rtol: 1e-9, atol: 1e-11 });
          return { path, g: grad(path.square().sum(), y0) };
        },
        { y0: { shape: [2], dtype } },
        { backend },
      );
      const one = await alone.run({ y0: [starts[0][i], starts[1][i]] });
      const column = (x: ArrayLike<number>) => Array.from(x).filter((_, k) => k % 3 === i);
      expect(worst(column(r.path.data), Array.from(one.path.data))).toBeLessThan(1e-8);
      expect(worst(column(r.g.data), Array.from(one.g.data))).toBeLessThan(1e-7);
    }
  });
});

test("a refused step that overflows spoils no gradient", async () => {
  // The first step is far too long: its stages overflow, and the step is refused.
  const program = compile(
    ({ y0 }) => {
      const s = ode.integrate((y) => y.pow(9).neg(), y0, [0, 1], { firstStep: 1, rtol: 1e-10, atol: 1e-12 });
      return { ...s, g: grad(s.path.at(-1).sum(), y0) };
    },
    { y0: { shape: [1], dtype } },
  );
  const r = await program.run({ y0: [50] });
  expect(r.rejected.item()).toBeGreaterThan(3);
  // y = (y0^-8 + 8 t)^(-1/8)
  const y = (50 ** -8 + 8) ** (-1 / 8);
  expect(r.path.data[1]).toBeCloseTo(y, 9);
  expect(r.g.item() / (50 ** -9 * (50 ** -8 + 8) ** (-9 / 8))).toBeCloseTo(1, 3);
});

test("memory of the checkpointed adjoint is what the plan says, and falls", async () => {
  const programOf = (checkpoints?: number) =>
    compile(
      ({ y0 }) => {
        const path = ode.solve((y) => y.sin().neg(), y0, [0, 1], {
          rtol: 1e-6,
          maxSteps: 4096,
          adjoint: ode.direct({ checkpoints }),
        });
        return { g: grad(path.sum(), y0) };
      },
      { y0: { shape: [64], dtype } },
    );
  const machine = chooseBackend("auto").machine() as Machine;
  const planOf = (program: ReturnType<typeof programOf>) => priceInference(program.graph, machine).peakBytes;
  const [all, some] = [programOf(), programOf(64)];
  const [whole, checked] = [planOf(all), planOf(some)];
  expect(await all.arenaBytes()).toBe(whole);
  expect(await some.arenaBytes()).toBe(checked);
  expect(checked).toBeLessThan(whole / 15);
});

describe("forward sensitivities count each dependence once", () => {
  const dependent: [string, (p: Tensor) => ode.Rate][] = [
    ["where the rate holds the start", (p) => (y) => y.mul(p).neg()],
    ["where the rate holds a sum beside its parts", (p) => (y) => y.mul(p).add(p.sum())],
  ];
  test.each(dependent)("%s", async (_, rate) => {
    const program = compile(
      ({ p }) => {
        const gradient = (adjoint: ode.Adjoint) =>
          grad(
            ode
              .solve(rate(p), p, [0, 0.5, 1], { ...exact, adjoint })
              .at(-1)
              .sum(),
            p,
          );
        return { a: gradient(ode.forward()), b: gradient(ode.direct()), c: gradient(ode.backsolve()) };
      },
      { p: { shape: [2], dtype } },
    );
    const r = await program.run({ p: [0.5, 0.3] });
    expect(worst(Array.from(r.a.data), Array.from(r.b.data))).toBeLessThan(1e-9);
    expect(worst(Array.from(r.c.data), Array.from(r.b.data))).toBeLessThan(1e-8);
  });

  test("and times have theirs", async () => {
    const { got: through } = await gradients(exact);
    const { got } = await gradients({ ...exact, adjoint: ode.forward() });
    expect(worst(got.slice(5), through.slice(5))).toBeLessThan(1e-8);
  });
});

test.each<[string, ode.SolveOptions, number]>([
  ["tsit5", exact, 1e-6],
  ["tsit5 with checkpoints", { ...exact, adjoint: ode.direct({ checkpoints: 32 }) }, 1e-6],
  ["rodas5p", { ...exact, method: ode.rodas5p }, 1e-6],
  ["implicit Euler", { method: ode.implicitEuler, substeps: 10 }, 1e-6],
  ["backsolve", { ...exact, adjoint: ode.backsolve() }, 1e-6],
])("second derivatives: %s", async (_, options, tolerance) => {
  const program = compile(
    ({ y0, p, v }) => {
      const path = ode.solve((y, time) => law(y, time, p), y0, [0, 0.7, 1.5], options);
      const loss = path.at(-1).square().sum().add(path.at(1).sum());
      return { g: grad(loss, p), h: hvp(loss, p, v) };
    },
    { y0: { shape: [2], dtype }, p: { shape: [3], dtype }, v: { shape: [3], dtype } },
  );
  const [y0, v] = [point.slice(0, 2), [1, -0.5, 2]];
  const at = (s: number) => program.run({ y0, v, p: point.slice(2).map((x, i) => x + s * v[i]) });
  const step = 1e-3;
  const [up, down, { h }] = [await at(step), await at(-step), await at(0)];
  const wanted = Array.from(up.g.data, (g, i) => (g - down.g.data[i]) / (2 * step));
  expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0.1);
  expect(worst(Array.from(h.data), wanted)).toBeLessThan(tolerance * 10);
});
