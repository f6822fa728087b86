import { readFileSync } from "node:fs";
import {
  arange,
  compile,
  cond,
  einsum,
  grad,
  hvp,
  jvp,
  type Outputs,
  ones,
  scan,
  type Tensor,
  tensor,
  vjp,
  whileLoop,
  zeros,
} from "pondus";
import { describe, expect, test } from "vitest";
import { difference } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";

/** Values and derivatives by JAX, in float64. */
interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
/** An array in, an array out, and the gradient for a cotangent. */
interface Sample {
  readonly what: string;
  readonly axis?: number | null;
  readonly indices?: readonly (number | readonly number[])[];
  readonly segments?: readonly number[];
  readonly count?: number;
  readonly x: Numbers;
  readonly value: Numbers;
  readonly cotangent: Numbers;
  readonly grad: Numbers;
}
type Record4 = { readonly [name in "W" | "U" | "h0" | "xs"]: Numbers };
interface Fixture {
  scan: { inputs: Record4; states: Numbers; loss: number; grads: Record4; v: Record4; hvp: Record4; jvp: number };
  cond: { cases: { x: number[]; value: number; grad: number[]; hessian: number[][] }[] };
  while: { cases: { a: number; value: number; turns: number; grad: number }[] };
  einsum: { spec: string; operands: Numbers[]; value: Numbers; cotangent: Numbers; grads: Numbers[] }[];
  scatterAdd: {
    base: Numbers;
    updates: Numbers;
    indices: number[];
    value: Numbers;
    cotangent: Numbers;
    gradBase: Numbers;
    gradUpdates: Numbers;
  }[];
}
const fixture: Fixture & { readonly [kind: string]: readonly Sample[] } = JSON.parse(
  readFileSync(new URL("../fixtures/transforms.json", import.meta.url), "utf8"),
);

type Given = { readonly [name: string]: Numbers };
type Wanted = { readonly [name: string]: readonly number[] };
const whole = (values: readonly (number | readonly number[])[]) => tensor(values, { dtype: "int32" });

onEveryBackend((backend) => {
  /** Compiles `f`, runs it on `given` and compares some of its outputs. */
  async function expectOutputs(given: Given, f: (x: { readonly [name: string]: Tensor }) => Outputs, wanted: Wanted) {
    const types = Object.fromEntries(
      Object.entries(given).map(([name, { shape }]) => [name, { shape, dtype: "float64" as const }]),
    );
    const values = Object.fromEntries(Object.entries(given).map(([name, { data }]) => [name, [...data]]));
    const got = await compile(f, types, { backend }).run(values);
    const wrong = Object.keys(wanted).flatMap((name) => {
      const why = difference(got[name], wanted[name], 1e-11);
      return why ? [`${name}: ${why}`] : [];
    });
    expect(wrong).toEqual([]);
  }

  test("a recurrent network by scan: states, gradients, Hessian times vector, forward derivative", async () => {
    const { inputs, states, loss, grads, v, hvp: hv, jvp: slope } = fixture.scan;
    const names = ["W", "U", "h0", "xs"] as const;
    const given = Object.fromEntries(
      names.flatMap((n) => [
        [n, inputs[n]],
        [`v${n}`, v[n]],
      ]),
    );
    await expectOutputs(
      given,
      (x) => {
        const { out } = scan(
          { h: x.h0 },
          (c, s) => {
            const h = c.h.matmul(x.W).add(s.x.matmul(x.U)).tanh();
            return { carry: { h }, out: { h } };
          },
          { xs: { x: x.xs } },
        );
        const total = out.h.square().sum();
        const wrt = names.map((n) => x[n]);
        const along = names.map((n) => x[`v${n}`]);
        const [g, h] = [grad(total, wrt), hvp(total, wrt, along)];
        return {
          states: out.h,
          loss: total,
          jvp: jvp(total, wrt, along),
          ...Object.fromEntries(
            names.flatMap((n, i) => [
              [`g${n}`, g[i]],
              [`h${n}`, h[i]],
            ]),
          ),
        };
      },
      {
        states: states.data,
        loss: [loss],
        jvp: [slope],
        ...Object.fromEntries(
          names.flatMap((n) => [
            [`g${n}`, grads[n].data],
            [`h${n}`, hv[n].data],
          ]),
        ),
      },
    );
  });

  test.each(fixture.cond.cases)("cond: value $value, gradient and Hessian", async ({ x, value, grad: g, hessian }) => {
    await expectOutputs(
      { x: { shape: [4], data: x } },
      (given) => {
        const { y } = cond(
          given.x.sum().gt(0),
          () => ({ y: given.x.sin().mul(given.x).sum() }),
          () => ({ y: given.x.pow(3).sub(given.x.exp()).sum() }),
        );
        const row = (i: number) =>
          tensor(
            [0, 1, 2, 3].map((k) => Number(k === i)),
            { dtype: "float64" },
          );
        return { y, g: grad(y, given.x), ...Object.fromEntries(x.map((_, i) => [`h${i}`, hvp(y, given.x, row(i))])) };
      },
      { y: [value], g, ...Object.fromEntries(hessian.map((h, i) => [`h${i}`, h])) },
    );
  });

  test.each(fixture.while.cases)("while: the square root of $a by Newton, $turns turns", async (c) => {
    await expectOutputs(
      { a: { shape: [], data: [c.a] } },
      ({ a }) => {
        const { y, n } = whileLoop(
          { y: ones([], "float64"), n: zeros([], "int32") },
          (s) => s.y.mul(s.y).sub(a).abs().gt(1e-10),
          (s) => ({ y: s.y.add(a.div(s.y)).mul(0.5), n: s.n.add(1) }),
          { limit: 20 },
        );
        return { y, n, g: grad(y, a), d: jvp(y, a, ones([], "float64")) };
      },
      { y: [c.value], n: [c.turns], g: [c.grad], d: [c.grad] },
    );
  });

  test.each(fixture.einsum)("einsum $spec", async ({ spec, operands, value, cotangent, grads }) => {
    const given = Object.fromEntries(operands.map((o, i) => [`x${i}`, o]));
    await expectOutputs(
      { ...given, cotangent },
      (x) => {
        const list = operands.map((_, i) => x[`x${i}`]);
        const y = einsum(spec, ...list);
        return { y, ...Object.fromEntries(vjp(y, x.cotangent, list).map((g, i) => [`g${i}`, g])) };
      },
      { y: value.data, ...Object.fromEntries(grads.map((g, i) => [`g${i}`, g.data])) },
    );
  });

  test.each(fixture.scatterAdd)("rows added at indices", async (c) => {
    await expectOutputs(
      { base: c.base, updates: c.updates, cotangent: c.cotangent },
      ({ base, updates, cotangent }) => {
        const y = base.add(updates.scatterAdd(whole(c.indices), base.shape[0]));
        const g = vjp(y, cotangent, { base, updates });
        return { y, gBase: g.base, gUpdates: g.updates };
      },
      { y: c.value.data, gBase: c.gradBase.data, gUpdates: c.gradUpdates.data },
    );
  });

  const axisOf = ({ axis }: Sample) => axis ?? undefined;
  /** Running products along the last axis, by a scan over the columns. */
  const products = (x: Tensor) =>
    scan(
      { p: ones([x.shape[0]], "float64") },
      (c, s) => {
        const p = c.p.mul(s.x);
        return { carry: { p }, out: { p } };
      },
      { xs: { x: x.T } },
    );
  const samples: { readonly [kind: string]: (x: Tensor, s: Sample) => Tensor } = {
    take: (x, s) => x.gather(whole(s.indices ?? []), s.axis ?? 0),
    takeAlongAxis: (x, s) => {
      const [rows, columns] = x.shape;
      return x.flatten().gather(
        arange(rows)
          .mul(columns)
          .unsqueeze(1)
          .add(whole(s.indices ?? [])),
      );
    },
    segmentSum: (x, s) => x.scatterAdd(whole(s.segments ?? []), s.count ?? 0),
    logsumexp: (x, s) => x.logSumExp(axisOf(s)),
    softmax: (x, s) => x.softmax(axisOf(s)),
    logSoftmax: (x, s) => x.logSoftmax(axisOf(s)),
    max: (x, s) => x.max(axisOf(s)),
    min: (x, s) => x.min(axisOf(s)),
    cumsum: (x, s) => x.cumsum(axisOf(s)),
    cumprod: (x) => products(x).out.p.T,
    prod: (x) => products(x).carry.p,
    variance: (x) => x.variance(1),
  };
  describe.each(Object.keys(samples))("%s", (kind) => {
    test.each(fixture[kind])("$what, axis $axis", async (s) => {
      await expectOutputs(
        { x: s.x, cotangent: s.cotangent },
        ({ x, cotangent }) => {
          const y = samples[kind](x, s);
          return { y, g: vjp(y, cotangent, x) };
        },
        { y: s.value.data, g: s.grad.data },
      );
    });
  });

  test("every part of the fixture is used", () => {
    const apart = ["source", "script", "note", "scan", "cond", "while", "einsum", "scatterAdd"];
    expect(Object.keys(fixture).sort()).toEqual([...apart, ...Object.keys(samples)].sort());
  });
});

test("a gradient with respect to what was only reshaped is not lost where the next reshape undoes it", async () => {
  const r = await compile(
    ({ x }) => {
      const row = x.mul(3).flatten();
      const y = row
        .reshape([2, 3])
        .add(row.unsqueeze(0).squeeze(0).reshape([2, 3]))
        .square()
        .sum();
      return { g: grad(y, row), moved: jvp(y, row, row) };
    },
    { x: [2, 3] },
  ).run({ x: [0, 1, 2, 3, 4, 5] });
  expect(Array.from(r.g.data)).toEqual([0, 24, 48, 72, 96, 120]);
  expect(r.moved.item()).toBe(3 * (24 + 48 * 2 + 72 * 3 + 96 * 4 + 120 * 5));
});
