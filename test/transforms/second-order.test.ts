import { readFileSync } from "node:fs";
import fc from "fast-check";
import {
  compile,
  empiricalFisher,
  empiricalFisherProduct,
  type FisherOptions,
  fisher,
  fisherProduct,
  gaussNewton,
  gaussNewtonProduct,
  grad,
  hessian,
  hvp,
  jacobian,
  nn,
  ode,
  parameter,
  parameterOf,
  scan,
  type Tensor,
  tensor,
  whileLoop,
} from "pondus";
import { describe, expect, test } from "vitest";
import { difference } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";
import { data, float64, knob, net, reference, values } from "../support/small-net.ts";

const run = async (expression: Tensor) => (await compile(() => ({ y: expression }), {}, reference).run()).y;

/** The Hessian by central differences of gradients, five points: error of order h^4. */
async function byDifferences(loss: Tensor, knobs: Readonly<Record<string, Tensor>>, h = 1e-3): Promise<number[]> {
  const slope = compile(() => grad(loss, knobs), {}, reference);
  const gradient = async () => Object.values(await slope.run()).flatMap((g) => [...g.data]);
  const rows: number[] = [];
  for (const x of Object.values(knobs)) {
    const p = parameterOf(x)!;
    const at = Float64Array.from(p.read());
    for (let i = 0; i < at.length; i++) {
      const moved = async (by: number) => {
        p.write(at.map((v, j) => (i === j ? v + by : v)));
        return gradient();
      };
      const [a, b, c, d] = [await moved(-2 * h), await moved(-h), await moved(h), await moved(2 * h)];
      rows.push(...a.map((_, j) => (a[j] - 8 * b[j] + 8 * c[j] - d[j]) / (12 * h)));
    }
    p.write(at);
  }
  return rows;
}

const transposed = (m: ArrayLike<number>, n: number) => Array.from(m, (_, i) => m[(i % n) * n + Math.floor(i / n)]);

/** The largest difference, relative to the largest entry. */
function error(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(got.length).toBe(wanted.length);
  const scale = Math.max(...Array.from(wanted, Math.abs));
  return Math.max(...Array.from(got, (g, i) => Math.abs(g - wanted[i]))) / scale;
}

describe("hessian", () => {
  test("of a net against differences of its gradients, symmetric, its columns products", async () => {
    const { knobs, call } = net(2, 3, 2);
    const loss = call(data([5, 2], 7))
      .square()
      .mean();
    const h = (await run(hessian(loss, knobs))).data;
    expect(error(h, await byDifferences(loss, knobs))).toBeLessThan(1e-9);
    expect(error(h, transposed(h, 17))).toBeLessThan(1e-14);
    const v = Object.fromEntries(Object.entries(knobs).map(([name, x], i) => [name, data([...x.shape], 20 + i)]));
    const product = await compile(() => hvp(loss, knobs, v as typeof knobs), {}, reference).run();
    const flat = Object.values(product).flatMap((x) => [...x.data]);
    const along = Object.keys(knobs).flatMap((_, i) => values(Object.values(knobs)[i].size, 20 + i));
    const wanted = flat.map((_, i) => along.reduce((sum, x, j) => sum + h[i * 17 + j] * x, 0));
    expect(error(flat, wanted)).toBeLessThan(1e-13);
  });

  test("through a scan and through a neural ODE", async () => {
    const recurrent = { w: knob([2, 2], 3), u: knob([2], 5) };
    const xs = data([4, 2], 11);
    const { carry } = scan(
      { h: data([2], 1) },
      (c, { x }) => ({ carry: { h: c.h.matmul(recurrent.w).add(x.mul(recurrent.u)).tanh() } }),
      { xs: { x: xs } },
    );
    const last = carry.h.square().sum();
    const first = (await run(hessian(last, recurrent))).data;
    expect(error(first, await byDifferences(last, recurrent))).toBeLessThan(1e-9);
    expect(error(first, transposed(first, 6))).toBeLessThan(1e-14);

    const { knobs, call } = net(1, 2, 1);
    const start = knob([1], 2);
    const path = ode.solve(call, start, [0, 0.5, 1], { method: ode.rk4, substeps: 2 });
    const all = { ...knobs, start };
    const loss = path
      .sub(data([3, 1], 9))
      .square()
      .mean();
    const second = (await run(hessian(loss, all))).data;
    expect(error(second, await byDifferences(loss, all))).toBeLessThan(1e-8);
    expect(error(second, transposed(second, 8))).toBeLessThan(1e-13);
  });

  test("takes a tensor, a list, or all knobs of a net; rows follow their order", async () => {
    const [a, b] = [parameter([2], [1, 2], float64), parameter([], 3, float64)];
    const loss = a.square().sum().mul(b).add(b.pow(3));
    expect((await run(hessian(loss, [a, b]))).toList()).toEqual([
      [6, 0, 2],
      [0, 6, 4],
      [2, 4, 18],
    ]);
    expect((await run(hessian(loss, { b, a }))).toList()).toEqual([
      [18, 2, 4],
      [2, 6, 0],
      [4, 0, 6],
    ]);
    expect((await run(hessian(loss, b))).toList()).toEqual([[18]]);
    const layers = nn.sequential(nn.dense(2, 3), nn.tanh, nn.dense(3, 1));
    expect(Object.keys(nn.knobsOf(layers))).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
    expect(hessian(layers(tensor([[1, 2]])).sum(), nn.knobsOf(layers))).toMatchObject({
      shape: [13, 13],
      dtype: "float32",
    });
  });

  test("a tied knob has one row, in which all its places add", async () => {
    const w = parameter([], 2, float64);
    // w^4: 12 w^2
    expect((await run(hessian(w.mul(w).mul(w.mul(w)), w))).item()).toBe(48);
  });
});

describe("jacobian", () => {
  test.each(["forward", "reverse"] as const)("by %s mode, against differences", async (mode) => {
    const { knobs, call } = net(2, 2, 2);
    const y = call(data([3, 2], 4));
    const j = await run(jacobian(y, knobs, { mode }));
    expect(j.shape).toEqual([6, 12]);
    const rows: number[] = [];
    for (let i = 0; i < 6; i++) {
      const slope = await compile(() => grad(y.flatten().at(i), knobs), {}, reference).run();
      rows.push(...Object.values(slope).flatMap((g) => [...g.data]));
    }
    expect(error(j.data, rows)).toBeLessThan(1e-14);
  });

  test("chooses the mode with fewer rows; a loop without a limit goes forward", async () => {
    const x = parameter([3], [1, 2, 3], float64);
    const length = (y: Tensor) => compile(() => ({ y }), {}).graph.outputs[0].node;
    const loops = (y: Tensor) => {
      const found: number[] = [];
      const visit = (n: import("../../src/graph/node.ts").Node) => {
        if (n.is("scan")) found.push(n.attrs.length);
        n.inputs.forEach(visit);
      };
      visit(length(y));
      return found;
    };
    expect(loops(jacobian(x.mul(x.sum()), x))).toEqual([3]);
    expect(loops(jacobian(x.square().sum(), x))).toEqual([1]);
    const { y } = whileLoop(
      { y: x.sum() },
      (c) => c.y.lt(100),
      (c) => ({ y: c.y.square() }),
    );
    // (1 + 2 + 3)^4 = 1296: 4 * 6^3 each
    expect((await run(jacobian(y, x))).toList()).toEqual([[864, 864, 864]]);
  });

  test("of a record of outputs: one after another", async () => {
    const x = parameter([2], [3, 5], float64);
    const j = await run(jacobian({ product: x.at(0).mul(x.at(1)), twice: x.mul(2) }, x));
    expect(j.toList()).toEqual([
      [5, 3],
      [2, 0],
      [0, 2],
    ]);
  });
});

describe("gaussNewton", () => {
  test.each([2, 7])("is the Hessian for linear residuals, exactly: %d of them, 4 knobs", async (rows) => {
    // Whole numbers, so that no rounding hides a difference.
    const a = tensor(
      Float64Array.from({ length: rows * 3 }, (_, i) => ((i * 7) % 5) - 2),
      { shape: [rows, 3] },
    );
    const [w, b] = [parameter([3], [1, -2, 3], float64), parameter([], 4, float64)];
    const r = a.matmul(w).add(b);
    const loss = r.square().sum().mul(0.5);
    const [g, h] = [await run(gaussNewton(r, { w, b })), await run(hessian(loss, { w, b }))];
    expect(g.toList()).toEqual(h.toList());
    const v = { w: tensor([1, 2, 3], float64), b: tensor(4, float64) };
    const product = await compile(() => gaussNewtonProduct(r, { w, b }, v), {}, reference).run();
    const wanted = (g.toList() as number[][]).map((row) => row[0] + 2 * row[1] + 3 * row[2] + 4 * row[3]);
    expect([...product.w.data, product.b.item()]).toEqual(wanted);
  });

  test.each([1, 9])("is J'J, from either side: %d samples", async (samples) => {
    const { knobs, call } = net(2, 2, 1);
    const r = call(data([samples, 2], 3));
    const [g, j] = [await run(gaussNewton(r, knobs)), await run(jacobian(r, knobs))];
    const [n, p] = j.shape;
    const wanted = Array.from({ length: p * p }, (_, at) => {
      const [a, b] = [Math.floor(at / p), at % p];
      return Array.from({ length: n }, (_, i) => j.data[i * p + a] * j.data[i * p + b]).reduce((x, y) => x + y);
    });
    expect(error(g.data, wanted)).toBeLessThan(1e-13);
  });
});

describe("fisher", () => {
  /** The closed form for softmax regression: mean over samples of (diag p - p p') times x x'. */
  function closedForm(x: number[][], w: number[][]): number[] {
    const [d, c] = [w.length, w[0].length];
    const f = new Array<number>((d * c) ** 2).fill(0);
    for (const row of x) {
      const z = w[0].map((_, k) => row.reduce((s, v, i) => s + v * w[i][k], 0));
      const top = Math.max(...z);
      const e = z.map((v) => Math.exp(v - top));
      const p = e.map((v) => v / e.reduce((s, y) => s + y));
      for (let at = 0; at < f.length; at++) {
        const [a, b] = [Math.floor(at / (d * c)), at % (d * c)];
        const [i, k, j, l] = [Math.floor(a / c), a % c, Math.floor(b / c), b % c];
        f[at] += (row[i] * row[j] * ((k === l ? p[k] : 0) - p[k] * p[l])) / x.length;
      }
    }
    return f;
  }

  test.each([2, 12])(
    "of softmax regression: the closed form, and the Hessian of its loss: %d samples",
    async (samples) => {
      const x = data([samples, 3], 2);
      const w = knob([3, 4], 5, 2);
      const logits = x.matmul(w);
      const f = (await run(fisher(logits, w, { likelihood: "categorical" }))).data;
      const [xs, ws] = [(await run(x)).toList(), (await run(w)).toList()];
      expect(error(f, closedForm(xs as number[][], ws as number[][]))).toBeLessThan(1e-14);
      const labels = tensor(
        Array.from({ length: samples }, (_, i) => (i * 3) % 4),
        { dtype: "int32" },
      );
      expect(error(f, (await run(hessian(nn.crossEntropy(logits, labels), w))).data)).toBeLessThan(1e-14);
    },
  );

  test("of logistic regression: the Hessian of its loss; of a linear model with noise: X'X / (B variance)", async () => {
    const x = data([6, 3], 2);
    const w = knob([3, 1], 5, 2);
    const y = x.matmul(w);
    const f = await run(fisher(y, w, { likelihood: "bernoulli" }));
    const loss = nn.bceWithLogits(y, tensor([[1], [0], [0], [1], [1], [0]], float64));
    expect(error(f.data, (await run(hessian(loss, w))).data)).toBeLessThan(1e-14);
    const g = await run(fisher(y, w, { likelihood: "gaussian", variance: 4 }));
    expect(error(g.data, (await run(x.T.matmul(x).mul(1 / 24))).data)).toBeLessThan(1e-15);
  });

  test("a logit far from 0 keeps its digits", async () => {
    const w = parameter([1], [40], float64);
    const f = (await run(fisher(w, w, { likelihood: "bernoulli" }))).item();
    expect(Math.abs(f / Math.exp(-40) - 1)).toBeLessThan(1e-14);
  });

  test("the empirical one: the mean of each sample's own gradient times itself", async () => {
    const { knobs, call } = net(2, 2, 1);
    const losses = call(data([5, 2], 3))
      .sub(data([5, 1], 8))
      .square()
      .sum(1);
    const e = await run(empiricalFisher(losses, knobs));
    const wanted = new Array<number>(e.data.length).fill(0);
    for (let i = 0; i < 5; i++) {
      const slope = await compile(() => grad(losses.at(i), knobs), {}, reference).run();
      const g = Object.values(slope).flatMap((s) => [...s.data]);
      for (let at = 0; at < wanted.length; at++) wanted[at] += (g[Math.floor(at / g.length)] * g[at % g.length]) / 5;
    }
    expect(error(e.data, wanted)).toBeLessThan(1e-13);
    const v = Object.fromEntries(Object.entries(knobs).map(([name, k]) => [name, k.mul(0).add(1)])) as typeof knobs;
    const product = await compile(() => empiricalFisherProduct(losses, knobs, v), {}, reference).run();
    const sums =
      e.shape.length &&
      Array.from({ length: e.shape[0] }, (_, i) =>
        wanted.slice(i * e.shape[0], (i + 1) * e.shape[0]).reduce((a, b) => a + b),
      );
    expect(
      error(
        Object.values(product).flatMap((s) => [...s.data]),
        sums as number[],
      ),
    ).toBeLessThan(1e-13);
  });
});

test("random small nets: products are the matrices' products, matrices symmetric, Gauss-Newton and Fisher never negative", async () => {
  const size = fc.integer({ min: 1, max: 3 });
  const likelihoods = fc.constantFrom<FisherOptions["likelihood"]>("gaussian", "categorical", "bernoulli");
  await fc.assert(
    fc.asyncProperty(
      size,
      size,
      size,
      fc.integer({ min: 1, max: 6 }),
      likelihoods,
      fc.integer({ min: 1, max: 1000 }),
      async (d, h, c, samples, likelihood, seed) => {
        const { knobs, call } = net(d, h, c, seed);
        const y = call(data([samples, d], seed + 1));
        const loss = y.sin().sum();
        const p = Object.values(knobs).reduce((n, k) => n + k.size, 0);
        const v = Object.fromEntries(
          Object.entries(knobs).map(([name, k], i) => [name, data([...k.shape], seed + i)]),
        ) as typeof knobs;
        const flat = Object.values(knobs).flatMap((k, i) => values(k.size, seed + i));
        const pairs = {
          h: [hessian(loss, knobs), hvp(loss, knobs, v)],
          g: [gaussNewton(y, knobs), gaussNewtonProduct(y, knobs, v)],
          f: [fisher(y, knobs, { likelihood }), fisherProduct(y, knobs, v, { likelihood })],
        } as const;
        for (const [name, [matrix, product]] of Object.entries(pairs)) {
          const got = await compile(() => ({ matrix, ...product }), {}, reference).run();
          const { matrix: m, ...rest } = got as Record<string, { data: ArrayLike<number> }>;
          const scale = Math.max(...Array.from(m.data, Math.abs), 1e-6);
          const apart = (a: ArrayLike<number>, b: ArrayLike<number>) =>
            Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]))) / scale;
          expect(apart(m.data, transposed(m.data, p))).toBeLessThan(1e-13);
          const wanted = flat.map((_, i) => flat.reduce((s, x, j) => s + m.data[i * p + j] * x, 0));
          const flown = Object.keys(knobs).flatMap((k) => Array.from(rest[k].data));
          expect(apart(flown, wanted)).toBeLessThan(1e-12);
          if (name !== "h") expect(flat.reduce((s, x, i) => s + x * wanted[i], 0)).toBeGreaterThan(-1e-12 * scale);
        }
      },
    ),
    { numRuns: 15, seed: 3 },
  );
}, 60_000);

onEveryBackend((backend) => {
  test("the same matrices as the reference", async () => {
    const { knobs, call } = net(2, 3, 2);
    const y = call(data([5, 2], 7));
    const small = net(1, 2, 1);
    const path = ode.solve(small.call, data([1], 2), [0, 0.5, 1], { method: ode.rk4, substeps: 2 });
    const all = () => ({
      throughTime: hessian(path.square().sum(), small.knobs),
      hessian: hessian(y.square().mean(), knobs),
      jacobian: jacobian(y, knobs),
      gaussNewton: gaussNewton(y, knobs),
      fisher: fisher(y, knobs, { likelihood: "categorical" }),
    });
    const [got, wanted] = [await compile(all, {}, { backend }).run(), await compile(all, {}, reference).run()];
    for (const name of ["throughTime", "hessian", "jacobian", "gaussNewton", "fisher"] as const) {
      expect(difference(got[name], wanted[name].data)).toBeUndefined();
    }
  });
});

describe("against PyTorch", () => {
  const fixture = JSON.parse(readFileSync(new URL("../fixtures/second_order.json", import.meta.url), "utf8"));
  const x = tensor(fixture.x, float64);
  const knobs = Object.fromEntries(
    (["w1", "b1", "w2", "b2"] as const).map((name) => {
      const list = fixture.knobs[name];
      return [name, parameter(name[0] === "w" ? [list.length, 3] : [3], list, float64)];
    }),
  );
  const y = x.matmul(knobs.w1).add(knobs.b1).tanh().matmul(knobs.w2).add(knobs.b2);
  const labels = tensor(fixture.labels, { dtype: "int32" });
  test.each([
    ["the Jacobian", jacobian(y, knobs), fixture.jacobian],
    [
      "the Hessian of a mean square",
      hessian(nn.mse(y, tensor(fixture.target, float64)), knobs),
      fixture.hessian.meanSquare,
    ],
    ["the Hessian of a cross entropy", hessian(nn.crossEntropy(y, labels), knobs), fixture.hessian.crossEntropy],
    ["Gauss-Newton", gaussNewton(y, knobs), fixture.gaussNewton],
    ["the Fisher information of classes", fisher(y, knobs, { likelihood: "categorical" }), fixture.fisher.categorical],
    ["of yes or no", fisher(y, knobs, { likelihood: "bernoulli" }), fixture.fisher.bernoulli],
    ["of a normal distribution", fisher(y, knobs, { likelihood: "gaussian" }), fixture.fisher.gaussian],
    [
      "the empirical one",
      empiricalFisher(nn.crossEntropy(y, labels, { reduction: "none" }), knobs),
      fixture.empiricalFisher,
    ],
  ])("%s", async (_, matrix, wanted) => {
    expect(error((await run(matrix)).data, wanted.flat())).toBeLessThan(1e-13);
  });
});

test("says what it cannot take", () => {
  const [w, v] = [parameter([2], 1, float64), parameter([2], 1)];
  expect(() => hessian(w.sum(), [w, v])).toThrow(
    /all tensors must be float32 or all float64, but a float32 \[2\].* beside a float64/,
  );
  expect(() => gaussNewton(w, [])).toThrow(/nothing came/);
  expect(() => hessian(w.sum(), [w, w])).toThrow(/named twice/);
  expect(() => hessian(w, w)).toThrow(/must be one float/);
  expect(() => fisher(w, w, { likelihood: "poisson" as never })).toThrow(/"gaussian", "categorical" or "bernoulli"/);
  expect(() => fisher(w.sum(), w, { likelihood: "categorical" })).toThrow(/choose "bernoulli"/);
  expect(() => fisher(w, w, { likelihood: "gaussian", variance: 0 })).toThrow(/above 0/);
  expect(() => fisherProduct(w, w, tensor([1], float64), { likelihood: "gaussian" })).toThrow(/tangent 0 should be/);
});
