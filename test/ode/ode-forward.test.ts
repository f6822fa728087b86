import * as fc from "fast-check";
import { compile, full, grad, hvp, ode, parameter, stack, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";

const dtype = "float64" as const;
const float64 = (values: number | readonly number[]) => tensor(values, { dtype });
const forward = ode.forward();

describe("sensitivities bound the steps", () => {
  test.each<[ode.Method, ode.SolveOptions]>([
    [ode.bosh3, {}],
    [ode.tsit5, {}],
    [ode.tsit5, { batch: 0 }],
    [ode.dopri8, {}],
    [ode.rodas4, {}],
    [ode.rodas5p, {}],
  ])("$name: of a solution at rest", async (method, options) => {
    // Every method's steps would grow tenfold each: the solution has no error. The sensitivity is exp(-t), and t exp(-t) to the knob.
    const program = compile(
      ({ y0, p }) => {
        const rate = (y: Tensor) => y.neg().add(p);
        const path = ode.solve(rate, y0, [0, 1, 10, 100], { method, adjoint: forward, ...options });
        const [early, , late] = [1, 2, 3].map((i) => path.at(i).sum());
        const [a, b] = grad(early, [y0, p]);
        const [c, d] = grad(late, [y0, p]);
        return { a, b, c, d };
      },
      { y0: { shape: [1], dtype }, p: { shape: [], dtype } },
    );
    const r = await program.run({ y0: [0], p: [0] });
    expect(r.a.item()).toBeCloseTo(Math.exp(-1), 5);
    expect(r.b.item()).toBeCloseTo(1 - Math.exp(-1), 5);
    expect(Math.abs(r.c.item())).toBeLessThan(1e-6);
    expect(r.d.item()).toBeCloseTo(1, 5);
  });
});

test("of linear systems they are the exact solution's, and through the solver too", async () => {
  // y' = [[a, -b], [b, a]] y turns and grows: y(t) = exp(a t) R(b t) y0.
  const program = compile(
    ({ y0, a, b, end }) => {
      const rate = (y: Tensor) => stack([y.at(0).mul(a).sub(y.at(1).mul(b)), y.at(0).mul(b).add(y.at(1).mul(a))]);
      const gradient = (adjoint: ode.Adjoint, name: string) => {
        const last = ode
          .solve(rate, y0, stack([end.mul(0), end]), { adjoint, rtol: 1e-9, atol: 1e-11 })
          .at(-1)
          .at(0);
        const [y, p, q, t] = grad(last, [y0, a, b, end]);
        return { [`${name}y`]: y, [`${name}a`]: p, [`${name}b`]: q, [`${name}t`]: t };
      };
      return { ...gradient(forward, "f"), ...gradient(ode.direct(), "s") } as Record<string, Tensor>;
    },
    { y0: { shape: [2], dtype }, a: { shape: [], dtype }, b: { shape: [], dtype }, end: { shape: [], dtype } },
  );
  const small = fc.double({ min: -1, max: 1, noNaN: true });
  await fc.assert(
    fc.asyncProperty(
      fc.array(small, { minLength: 2, maxLength: 2 }),
      small,
      small.map((x) => 5 * x),
      fc.double({ min: 0.1, max: 3, noNaN: true }),
      fc.boolean(),
      async ([u, v], a, b, length, falls) => {
        const t = falls ? -length : length;
        const r = await program.run({ y0: [u, v], a: [a], b: [b], end: [t] });
        const [grown, cos, sin] = [Math.exp(a * t), Math.cos(b * t), Math.sin(b * t)];
        const x = grown * (cos * u - sin * v);
        const along = grown * (sin * u + cos * v);
        // At rest only forward mode knows what it does to be right.
        const isMoving = Math.hypot(u, v) > 0.1;
        for (const name of isMoving ? ["f", "s"] : ["f"]) {
          const near = (got: number, wanted: number) =>
            expect(Math.abs(got - wanted) / (1 + Math.abs(wanted))).toBeLessThan(1e-6);
          near(r[`${name}y`].data[0], grown * cos);
          near(r[`${name}y`].data[1], -grown * sin);
          near(r[`${name}a`].item(), t * x);
          near(r[`${name}b`].item(), -t * along);
          near(r[`${name}t`].item(), a * x - b * along);
        }
      },
    ),
    { numRuns: 30, seed: 13 },
  );
});

describe("what no gradient is asked for of counts for nothing", () => {
  const p = parameter([], 0.5, { dtype });
  test("such as a hundred constants at the start and in the rate", async () => {
    const many = tensor(
      Array.from({ length: 100 }, (_, i) => i / 100),
      { dtype },
    );
    const path = ode.solve((y) => y.mul(p).neg().add(many.mul(0)), full([100], 1, dtype), [0, 1], { adjoint: forward });
    const r = await compile(() => ({ g: grad(path.at(-1).sum(), p) })).run();
    expect(r.g.item()).toBeCloseTo(-100 * Math.exp(-0.5), 5);
  });

  test.each([64, 65])("of %i knobs", async (count) => {
    const knobs = parameter([count], 1, { dtype });
    const path = ode.solve((y) => y.mul(knobs).neg(), full([count], 1, dtype), [0, 1], { adjoint: forward });
    const gradient = () => grad(path.at(-1).sum(), knobs);
    if (count > 64) return expect(gradient).toThrow(/at most 64, but they are 65;/);
    const r = await compile(() => ({ g: gradient() })).run();
    for (const g of r.g.data) expect(g).toBeCloseTo(-Math.exp(-1), 5);
  });
});

test("a batch has each trajectory's own, with times of its own", async () => {
  const program = compile(
    ({ y0, k }) => {
      const ends = float64([1, 2, 3]);
      const times = stack([ends.mul(0), ends]);
      const path = ode.solve((y) => y.mul(k), y0, times, { adjoint: forward, batch: 0, rtol: 1e-9, atol: 1e-11 });
      const [a, b] = grad(path.at(-1).sum(), [y0, k]);
      return { a, b };
    },
    { y0: { shape: [3], dtype }, k: { shape: [3], dtype } },
  );
  const [y0, k] = [
    [1, -2, 0.5],
    [0.3, -0.7, 0.1],
  ];
  const r = await program.run({ y0, k });
  y0.forEach((y, i) => {
    const grown = Math.exp(k[i] * (i + 1));
    expect(r.a.data[i]).toBeCloseTo(grown, 7);
    expect(r.b.data[i]).toBeCloseTo(y * (i + 1) * grown, 7);
  });
});

test("second derivatives, to which the tolerance is first", async () => {
  const program = compile(
    ({ k }) => {
      const path = ode.solve((y) => y.mul(k), float64([1.5]), [0, 1], { adjoint: forward, rtol: 1e-9, atol: 1e-11 });
      return { h: hvp(path.at(-1).sum(), k, float64(1)) };
    },
    { k: { shape: [], dtype } },
  );
  expect((await program.run({ k: [0.4] })).h.item()).toBeCloseTo(1.5 * Math.exp(0.4), 6);
});
