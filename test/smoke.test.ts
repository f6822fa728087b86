import { expect, test } from "vitest";
import {
  compile,
  cond,
  einsum,
  grad,
  hvp,
  mean,
  parameter,
  parameterOf,
  random,
  repeat,
  scan,
  square,
  type Tensor,
  tensor,
  whileLoop,
} from "../src/index.ts";

test("smoke", async () => {
  const p = compile(({ x }) => ({ y: x.matmul(x).tanh().sum(), g: grad(x.matmul(x).tanh().sum(), x) }), {
    x: { shape: [2, 2], dtype: "float64" },
  });
  const x0 = [
    [0.1, 0.2],
    [0.3, -0.4],
  ];
  const r = await p.run({ x: x0 });
  const e = 1e-6;
  const up = await p.run({
    x: [
      [0.1 + e, 0.2],
      [0.3, -0.4],
    ],
  });
  const dn = await p.run({
    x: [
      [0.1 - e, 0.2],
      [0.3, -0.4],
    ],
  });
  expect((up.y.item() - dn.y.item()) / (2 * e)).toBeCloseTo((r.g.toList() as number[][])[0][0], 8);
});

test("scan grad", async () => {
  const f = (w: Tensor, xs: Tensor) => {
    const { carry, out } = scan(
      { h: tensor([0.1, 0.2], { dtype: "float64" }) },
      ({ h }, { x }) => {
        const next = h.matmul(w).add(x).tanh();
        return { carry: { h: next }, out: { h: next } };
      },
      { xs: { x: xs } },
    );
    return out.h.square().sum().add(carry.h.sum());
  };
  const p = compile(
    ({ w, xs, v }) => {
      const l = f(w, xs);
      return { l, ...grad(l, { w, xs }), hv: hvp(l, w, v) };
    },
    {
      w: { shape: [2, 2], dtype: "float64" },
      xs: { shape: [5, 2], dtype: "float64" },
      v: { shape: [2, 2], dtype: "float64" },
    },
  );
  const w = [0.5, -0.3, 0.2, 0.9],
    xs = Array.from({ length: 10 }, (_, i) => Math.sin(i)),
    v = [1, 2, -1, 0.5];
  const r = await p.run({ w, xs, v });
  const e = 1e-6;
  const at = async (dw: number[], dx: number[]) =>
    p.run({ w: w.map((a, i) => a + e * dw[i]), xs: xs.map((a, i) => a + e * (dx[i] ?? 0)), v });
  const z10 = new Array(10).fill(0);
  const [a, b] = [
    await at(v, z10),
    await at(
      v.map((q) => -q),
      z10,
    ),
  ];
  const dl = (a.l.item() - b.l.item()) / (2 * e);
  expect(dl).toBeCloseTo(
    [...r.w.data].reduce((s, g, i) => s + g * v[i], 0),
    7,
  );
  [...r.hv.data].forEach((h, i) => expect((a.w.data[i] - b.w.data[i]) / (2 * e)).toBeCloseTo(h, 6));
  const dx = z10.map((_, i) => (i === 3 ? 1 : 0));
  const [c, d] = [
    await at([0, 0, 0, 0], dx),
    await at(
      [0, 0, 0, 0],
      dx.map((q) => -q),
    ),
  ];
  expect((c.l.item() - d.l.item()) / (2 * e)).toBeCloseTo(r.xs.data[3], 7);
});

test("repeat", async () => {
  const w = parameter([2], [1, 2], { dtype: "float64" });
  const p = compile(
    ({ n }) => {
      const loss = mean(square(w.sub(3)));
      const s = repeat(
        { outputs: { loss }, updates: [{ parameter: parameterOf(w)!, value: w.sub(grad(loss, w).mul(0.5)) }] },
        n,
      );
      return { ...s.outputs, updates: s.updates };
    },
    { n: { shape: [], dtype: "int32" } },
  );
  const r = await p.run({ n: 40 });
  expect(r.steps.item()).toBe(40);
  expect(parameterOf(w)!.read()[0]).toBeCloseTo(3, 8);
});

test("random, cond, while grads", async () => {
  const p = compile(
    ({ x }) => {
      const r = whileLoop(
        { y: x },
        ({ y }) => y.mul(y).sub(2).abs().gt(1e-9),
        ({ y }) => ({ y: y.add(tensor(2, { dtype: "float64" }).div(y)).mul(0.5) }),
        { limit: 20 },
      );
      const c = cond(
        x.gt(1),
        () => ({ z: x.mul(x) }),
        () => ({ z: x.exp() }),
      );
      return {
        y: r.y,
        z: c.z,
        gy: grad(r.y, x),
        gz: grad(c.z, x),
        ggz: grad(grad(c.z, x), x),
        u: random.uniform(random.key(1), [4]),
        e: einsum("ii->i", x.expand([2, 2])),
      };
    },
    { x: { shape: [], dtype: "float64" } },
  );
  const r = await p.run({ x: 1.5 });
  expect(r.y.item()).toBeCloseTo(Math.SQRT2, 8);
  expect(r.gz.item()).toBeCloseTo(3, 12);
  expect(r.ggz.item()).toBeCloseTo(2, 12);
  const s = await p.run({ x: 0.5 });
  expect(s.gz.item()).toBeCloseTo(Math.exp(0.5), 12);
});
