import * as fc from "fast-check";
import {
  arange,
  checkpoint,
  compile,
  cond,
  customGradient,
  eye,
  full,
  grad,
  hessian,
  hvp,
  jvp,
  linspace,
  ones,
  parameter,
  scan,
  type Tensor,
  tensor,
  whileLoop,
  zeros,
} from "pondus";
import { describe, expect, test } from "vitest";
import { graphText } from "../../src/backends/native/cache/graph-key.ts";

/** Ways to make a tensor of `value`, each a leaf of its own; `shape` is [] or [2]. */
const makers: { readonly [name: string]: (value: number) => Tensor } = {
  "a scalar": (v) => tensor(v, { dtype: "float64" }),
  "a list": (v) => tensor([v, v], { dtype: "float64" }),
  full: (v) => full([2], v, "float64"),
  "zeros plus": (v) => zeros([2], "float64").add(v),
  "ones times": (v) => ones([2], "float64").mul(v),
  arange: (v) => arange(2, "float64").add(v),
  linspace: (v) => linspace(v, v, 2, "float64"),
  eye: (v) => eye(2, "float64").mul(v),
};

const shapes: { readonly [name: string]: readonly number[] } = { "a scalar": [], eye: [2, 2] };

/** Expressions of two tensors that hold the same number, and of literals that are that number too. */
const contexts: { readonly [name: string]: (a: Tensor, b: Tensor, v: number) => Tensor } = {
  product: (a, b) => a.mul(b.square()).sum(),
  literals: (a, b, v) => a.mul(v).add(v).mul(b).add(a.sub(v).square()).sum(),
  scan: (a, b, v) =>
    scan({ h: a }, ({ h }) => ({ carry: { h: h.mul(b).add(a).mul(0.5).sin().add(v) } }), { length: 3 }).carry.h.sum(),
  "leaves made inside a loop": (a, b, v) =>
    scan(
      { h: a },
      ({ h }) => ({
        carry: {
          h: h
            .mul(b)
            .mul(full([], v, "float64"))
            .sin(),
        },
      }),
      { length: 3 },
    ).carry.h.sum(),
  while: (a, b, v) =>
    whileLoop(
      { h: a, n: zeros([], "int32") },
      ({ n }) => n.lt(3),
      ({ h, n }) => ({ h: h.mul(b).add(v).sin(), n: n.add(1) }),
      { limit: 4 },
    ).h.sum(),
  "the branch taken": (a, b, v) =>
    cond(
      a.sum().lt(100),
      () => ({ y: a.mul(a).mul(b).add(v) }),
      () => ({ y: b }),
    ).y.sum(),
  "the branch not taken": (a, b, v) =>
    cond(
      a.sum().gt(100),
      () => ({ y: a.mul(a).mul(b).add(v) }),
      () => ({ y: b.mul(b).mul(v) }),
    ).y.sum(),
  "a branch in a loop": (a, b, v) =>
    scan(
      { h: a },
      ({ h }) => ({
        carry: {
          h: cond(
            h.sum().lt(1),
            () => ({ y: h.mul(b).add(a) }),
            () => ({ y: h.sin().mul(a).add(v) }),
          ).y,
        },
      }),
      { length: 3 },
    ).carry.h.sum(),
  checkpoint: (a, b, v) => checkpoint((x: Tensor) => x.mul(b).sin().mul(v).add(a))(a).sum(),
  "a rule of one's own": (a, b) =>
    customGradient(a.mul(b), [a, b], (ct, [x, y]) => [ct.mul(y), ct.mul(x)])
      .mul(a)
      .sum(),
};

describe.each(Object.entries(contexts))("%s", (_, f) => {
  test.each(Object.entries(makers))("%s has the derivatives that a parameter has", async (name, make) => {
    const all = (a: Tensor, b: Tensor, v: number) => {
      const y = f(a, b, v);
      const [ga, gb] = grad(y, [a, b]);
      return { y, alone: grad(y, b), ga, gb, push: jvp(y, a, a.mul(0).add(1)), hvp: hvp(y, a, b), h: hessian(y, b) };
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 1, 2, -1, 0.5, 3), async (v) => {
        const shape = shapes[name] ?? [2];
        const values = (await compile(() => ({ x: make(v) }), {}, { backend: "reference" }).run()).x.data;
        const knob = () => parameter(shape, shape.length === 0 ? values[0] : [...values], { dtype: "float64" });
        const [made, known] = [
          compile(() => all(make(v), make(v), v), {}, { backend: "reference" }),
          compile(() => all(knob(), knob(), v), {}, { backend: "reference" }),
        ];
        const [got, wanted] = [await made.run(), await known.run()];
        for (const key of Object.keys(wanted) as (keyof typeof wanted)[]) {
          expect([key, [...got[key].data]]).toEqual([key, [...wanted[key].data].map((x) => x)]);
        }
      }),
      { numRuns: 3, seed: 1 },
    );
  });
});

test("exact: the derivative of 1 / (1 + exp(-x)) at tensor(1), though the expression is full of ones", async () => {
  const x = tensor(1, { dtype: "float64" });
  const slope = grad(x.neg().exp().add(1).pow(-1), x);
  const { g } = await compile(() => ({ g: slope })).run();
  const s = 1 / (1 + Math.exp(-1));
  expect(g.item()).toBeCloseTo(s * (1 - s), 14);
});

test("equal constants are one in the program that is compiled", () => {
  const twice = compile(({ x }) => ({ y: x.mul(tensor(0.5)).add(tensor(0.5)) }), { x: [2] });
  const lines = graphText(twice.graph).text.match(/constant/g);
  expect(lines).toHaveLength(2);
});

describe("an expression that a branch writes anew is the one outside", () => {
  const values = { x: 0.7, a: 1.3 };
  const h = (x: Tensor) => x.mul(2).sin();
  const cases: { readonly [name: string]: (x: Tensor, a: Tensor, again: () => Tensor) => Tensor } = {
    "in a branch": (x, a, again) =>
      cond(
        a.gt(0),
        () => ({ y: again().square().mul(a) }),
        () => ({ y: x }),
      ).y,
    "in a branch of a branch": (x, a, again) =>
      cond(
        a.gt(0),
        () =>
          cond(
            a.gt(1),
            () => ({ y: again().square().mul(a) }),
            () => ({ y: x }),
          ),
        () => ({ y: x }),
      ).y,
    "in a branch in a scan": (x, a, again) =>
      scan(
        { s: a },
        ({ s }) => ({
          carry: {
            s: cond(
              s.gt(0),
              () => ({ y: again().square().mul(s) }),
              () => ({ y: x }),
            ).y,
          },
        }),
        { length: 2 },
      ).carry.s,
    "in a branch in a while": (x, a, again) =>
      whileLoop(
        { s: a, n: zeros([], "int32") },
        ({ n }) => n.lt(2),
        ({ s, n }) => ({
          n: n.add(1),
          s: cond(
            s.gt(0),
            () => ({ y: again().square().mul(s) }),
            () => ({ y: x }),
          ).y,
        }),
        { limit: 2 },
      ).s,
  };
  test.each(Object.entries(cases))("%s", async (_, f) => {
    const program = compile(
      ({ x, a }) => {
        const outside = h(x);
        const [anew, same] = [f(x, a, () => h(x)), f(x, a, () => outside)];
        return {
          back: grad(anew, outside),
          wanted: grad(same, outside),
          forward: jvp(anew, outside, outside.mul(0).add(1)),
          whole: grad(anew, x),
          all: grad(same, x),
        };
      },
      { x: { shape: [], dtype: "float64" }, a: { shape: [], dtype: "float64" } },
      { backend: "reference" },
    );
    const { back, wanted, forward, whole, all } = await program.run(values);
    expect(wanted.item()).not.toBe(0);
    expect(back.item()).toBe(wanted.item());
    expect(forward.item()).toBeCloseTo(wanted.item(), 12);
    expect(whole.item()).toBeCloseTo(all.item(), 12);
  });
});
