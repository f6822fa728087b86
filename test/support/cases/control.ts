import { cond, grad, hvp, jvp, scan, tensor, whileLoop, zeros } from "pondus";
import { type Case, floats, list, sample, scalar } from "./case.ts";

export const controlCases: readonly Case[] = floats.flatMap((dtype): Case[] => {
  const number = (value: number) => tensor(value, { dtype });
  return [
    ...[false, true].map(
      (reverse): Case => ({
        name: `scan ${reverse ? "backwards" : "forwards"}, with gradients, ${dtype}`,
        inputs: { w: sample([3, 3], dtype, -1, 1), h: sample([2, 3], dtype), xs: sample([7, 2, 3], dtype) },
        f: ({ w, h, xs }) => {
          const { carry, out } = scan(
            { h },
            (c, { x }) => {
              const next = c.h.matmul(w).add(x).tanh();
              return { carry: { h: next }, out: { h: next, s: next.sum() } };
            },
            { xs: { x: xs }, reverse },
          );
          const loss = out.h
            .square()
            .sum()
            .add(carry.h.mul(out.s.at(2)).sum());
          const g = grad(loss, { w, h, xs });
          return { last: carry.h, all: out.h, s: out.s, loss, gw: g.w, gh: g.h, gxs: g.xs, hvp: hvp(loss, w, w) };
        },
      }),
    ),
    {
      name: `scan without steps gives its first values back, ${dtype}`,
      inputs: { h: list([1, 2, 3], dtype), xs: sample([0, 3], dtype) },
      f: ({ h, xs }) => {
        const { carry, out } = scan({ h }, (c, { x }) => ({ carry: { h: c.h.add(x) }, out: { y: c.h } }), {
          xs: { x: xs },
        });
        return { last: carry.h, ...out, g: grad(carry.h.sum(), h) };
      },
      expected: { last: [1, 2, 3], y: [], g: [1, 1, 1] },
    },
    {
      name: `scan that swaps its carries, and one that keeps one, ${dtype}`,
      inputs: { a: list([1, 2], dtype), b: list([3, 4], dtype) },
      f: ({ a, b }) => {
        const swap = scan({ a, b }, (c) => ({ carry: { a: c.b, b: c.a }, out: { a: c.a } }), { length: 3 });
        const keep = scan({ a, b }, (c) => ({ carry: { a: c.a, b: c.b.add(c.a) } }), { length: 3 });
        return { a: swap.carry.a, b: swap.carry.b, all: swap.out.a, kept: keep.carry.a, sum: keep.carry.b };
      },
      expected: { a: [3, 4], b: [1, 2], all: [1, 2, 3, 4, 1, 2], kept: [1, 2], sum: [6, 10] },
    },
    {
      name: `scan over int32 and bool beside floats, ${dtype}`,
      inputs: { x: sample([5], dtype), n: sample([5], "int32"), m: sample([5], "bool") },
      f: ({ x, n, m }) => {
        const { carry, out } = scan(
          { s: zeros([], dtype), count: zeros([], "int32"), any: zeros([], "bool") },
          (c, e) => ({
            carry: { s: e.m.where(c.s.add(e.x), c.s), count: c.count.add(e.n), any: c.any.or(e.m) },
            out: { s: c.s, n: c.count.mul(e.n), m: e.m.xor(c.any) },
          }),
          { xs: { x, n, m } },
        );
        return { ...carry, ys: out.s, yn: out.n, ym: out.m };
      },
    },
    {
      name: `nested scans, with gradients, ${dtype}`,
      inputs: { x: sample([3, 4], dtype), a: scalar(0.3, dtype) },
      f: ({ x, a }) => {
        const { carry, out } = scan(
          { s: x.at(0, 1) },
          (c, row) => {
            const inner = scan(
              { t: c.s.sum() },
              (d, e) => ({ carry: { t: d.t.mul(a).add(e.v.sin()) }, out: { t: d.t } }),
              {
                xs: { v: row.v },
              },
            );
            return { carry: { s: c.s.mul(0.5).add(inner.carry.t) }, out: { t: inner.out.t } };
          },
          { xs: { v: x } },
        );
        const loss = carry.s.square().sum().add(out.t.sum());
        return { last: carry.s, t: out.t, ...grad(loss, { x, a }), jvp: jvp(loss, a, a) };
      },
    },
    {
      name: `while: a square root by Newton, with and without a limit, ${dtype}`,
      inputs: { a: scalar(3.7, dtype) },
      f: ({ a }) => {
        const run = (limit?: number) =>
          whileLoop(
            { y: number(1), n: zeros([], "int32") },
            ({ y }) => y.mul(y).sub(a).abs().gt(1e-3),
            ({ y, n }) => ({ y: y.add(a.div(y)).mul(0.5), n: n.add(1) }),
            { limit },
          );
        const [free, bounded, short] = [run(), run(20), run(2)];
        return {
          y: free.y,
          n: free.n,
          bounded: bounded.y,
          short: short.y,
          steps: short.n,
          grad: grad(bounded.y, a),
          jvp: jvp(free.y, a, number(1)),
        };
      },
      expected: { steps: [2] },
    },
    {
      name: `while whose test fails at once, ${dtype}`,
      inputs: { x: list([1, 2], dtype) },
      f: ({ x }) =>
        whileLoop(
          { x },
          (c) => c.x.sum().lt(0),
          (c) => ({ x: c.x.add(1) }),
        ),
      expected: { x: [1, 2] },
    },
    ...[0.7, -0.7].map(
      (value): Case => ({
        name: `cond at ${value}, with gradients, ${dtype}`,
        inputs: { x: scalar(value, dtype), v: sample([5], dtype) },
        f: ({ x, v }) => {
          const { y, z } = cond(
            x.gt(0),
            () => ({ y: v.sin().mul(x), z: v.sum() }),
            () => ({ y: v, z: x.mul(x).mul(x) }),
          );
          const loss = y.square().sum().add(z);
          const g = grad(loss, { x, v });
          return { y, z, gx: g.x, gv: g.v, hvp: hvp(loss, v, v) };
        },
      }),
    ),
    {
      name: `scan, while and cond inside each other, ${dtype}`,
      inputs: { xs: sample([6], dtype), a: scalar(0.8, dtype) },
      f: ({ xs, a }) => {
        const { carry, out } = scan(
          { s: number(0.5) },
          ({ s }, { x }) => {
            const chosen = cond(
              x.gt(0),
              () => ({
                r: whileLoop(
                  { r: s },
                  (c) => c.r.abs().lt(2),
                  (c) => ({ r: c.r.mul(1.5).add(a) }),
                  { limit: 5 },
                ).r,
              }),
              () => ({
                r: scan({ r: s }, (c, e) => ({ carry: { r: c.r.mul(0.9).sub(e.v.mul(a)) } }), {
                  xs: { v: xs.slice(0, 3) },
                }).carry.r,
              }),
            );
            return { carry: { s: chosen.r.tanh() }, out: { r: chosen.r } };
          },
          { xs: { x: xs } },
        );
        const loss = out.r.square().sum().add(carry.s);
        return { s: carry.s, r: out.r, ...grad(loss, { xs, a }) };
      },
    },
    {
      name: `literal data inside bodies: indices, masks, weights, ${dtype}`,
      inputs: { x: sample([2, 3], dtype), a: scalar(0.4, dtype) },
      f: ({ x, a }) => {
        const index = (values: number[]) => tensor(values, { dtype: "int32" });
        const { y } = cond(
          a.gt(0),
          () => ({
            y: x
              .gather(index([1, 0, 1, 0]))
              .flip(0)
              .mean(),
          }),
          () => ({ y: x.mul(tensor([1, 2, 3], { dtype })).sum() }),
        );
        const turned = whileLoop(
          { i: zeros([], "int32"), v: x.at(0) },
          ({ i }) => i.lt(3),
          ({ i, v }) => ({ i: i.add(1), v: v.gather(index([2, 0, 1])).mul(tensor([1, 2, 3], { dtype })) }),
          { limit: 4 },
        );
        const { out } = scan(
          { h: a },
          (c, e) => ({
            carry: { h: c.h.mul(0.5).add(e.r.gather(index([2, 0])).sum()) },
            out: { m: tensor([1, 0, 1], { dtype: "bool" }).where(e.r, c.h) },
          }),
          { xs: { r: x } },
        );
        return { y, v: turned.v, m: out.m, g: grad(y.add(turned.v.sum()).add(out.m.square().sum()), x) };
      },
    },
    {
      name: `a loop that indexes a table by its counter, ${dtype}`,
      inputs: { table: sample([5, 3], dtype) },
      f: ({ table }) => {
        const { s } = whileLoop(
          { i: zeros([], "int32"), s: zeros([3], dtype) },
          ({ i }) => i.lt(5),
          ({ i, s }) => ({ i: i.add(2), s: s.add(table.at(i)) }),
          { limit: 5 },
        );
        return { s, g: grad(s.square().sum(), table) };
      },
    },
  ];
});
