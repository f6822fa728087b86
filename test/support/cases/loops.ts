import { concat, cond, grad, scan, type Tensor, tensor, whileLoop, zeros } from "pondus";
import { type Case, floats, list, sample, scalar } from "./case.ts";

/** Awkward loops: over views, without steps or with one, with constants, tables and merged axes inside. */
export const loopCases: readonly Case[] = floats.flatMap((dtype): Case[] => {
  const views: { readonly [name: string]: (x: Tensor) => Tensor } = {
    "as it is": (x) => x,
    transposed: (x) => x.transpose(0, 1).transpose(1, 2),
    flipped: (x) => x.flip([0, 2]),
    sliced: (x) => x.slice(1, 3).slice(1, 3, 2),
    spread: (x) => x.slice(0, 1, 1).expand(x.shape),
    padded: (x) => x.padAxis(1, 1, 0).padAxis(0, 1, 2),
    merged: (x) => x.transpose(0, 1).reshape([x.size / 2, 2, 1]),
  };
  const index = (values: number[]) => tensor(values, { dtype: "int32" });
  return [
    ...Object.entries(views).flatMap(([name, view]) =>
      [false, true].map(
        (reverse): Case => ({
          name: `scan ${reverse ? "backwards" : "forwards"} over a sequence that is ${name}, ${dtype}`,
          inputs: { x: sample([4, 3, 4], dtype), k: sample([3, 1], dtype) },
          f: ({ x, k }) => {
            const xs = view(x);
            const { carry, out } = scan(
              { h: xs.at(0).mul(0.1) },
              (c, e) => ({
                carry: { h: c.h.mul(0.5).add(e.x).sin() },
                out: { y: c.h.mul(e.x.flip(0)).sum(0), z: e.x },
              }),
              { xs: { x: xs }, reverse },
            );
            const loss = carry.h.square().sum().add(out.y.sin().sum()).add(k.sum());
            return { h: carry.h, y: out.y, z: out.z, g: grad(loss, x) };
          },
        }),
      ),
    ),
    ...[0, 1].map(
      (length): Case => ({
        name: `scans of ${length} steps: stacks, carries, gradients, inside each other, ${dtype}`,
        inputs: { h: sample([3], dtype), xs: sample([length, 3], dtype), w: sample([3, 3], dtype) },
        f: ({ h, xs, w }) => {
          const { carry, out } = scan(
            { h, one: tensor(1, { dtype }).expand([3]) },
            (c, { x }) => {
              const inner = scan({ s: c.h }, (d, e) => ({ carry: { s: d.s.matmul(w).add(e.x) }, out: { t: d.s } }), {
                xs: { x: xs },
                reverse: true,
              });
              return {
                carry: { h: inner.carry.s.tanh().add(x), one: c.one.mul(2) },
                out: { t: inner.out.t.sum(0), c: c.one },
              };
            },
            { xs: { x: xs } },
          );
          const loss = carry.h.square().sum().add(out.t.sum()).add(out.c.sum());
          return {
            last: carry.h,
            one: carry.one,
            t: out.t,
            c: out.c,
            all: out.t.sum(),
            ...grad(loss, { xs, w }),
            gh: grad(loss, h),
          };
        },
      }),
    ),
    {
      name: `captured views: permuted, spread, flipped, merged and split inside the body, ${dtype}`,
      inputs: { w: sample([3, 4], dtype), b: sample([1, 4], dtype), h: sample([4, 3], dtype) },
      f: ({ w, b, h }) => {
        const [t, spread] = [w.T, b.expand([3, 4])];
        const { carry, out } = scan(
          { h },
          (c) => {
            const merged = c.h.T.reshape([12]).flip(0).reshape([4, 3]);
            return {
              carry: { h: merged.mul(0.3).add(t).sub(spread.T).tanh() },
              out: { y: c.h.matmul(spread.flip(0)).reshape([2, 8]), z: c.h.T.reshape([2, 6]).sum(1) },
            };
          },
          { length: 3 },
        );
        return {
          last: carry.h,
          y: out.y,
          z: out.z,
          ...grad(out.y.sin().sum().add(carry.h.sum()).add(out.z.sum()), { w, b, h }),
        };
      },
    },
    {
      name: `lookups and sums by position inside loops, by the carry and by the slice, ${dtype}`,
      inputs: { table: sample([5, 3], dtype), at: list([4, 0, 9, -3, 2, 2], "int32") },
      f: ({ table, at }) => {
        const { carry, out } = scan(
          { i: zeros([], "int32"), s: zeros([5, 3], dtype) },
          (c, { k }) => {
            const row = table.at(k).add(table.T.at(c.i.mod(3)).sum());
            return {
              carry: { i: c.i.add(1), s: c.s.mul(0.9).add(row.unsqueeze(0).scatterAdd(k.unsqueeze(0), 5, 0)) },
              out: { r: row, g: c.s.gather(index([4, 0])), f: table.flip(1).gather(k.unsqueeze(0).add(c.i), 1) },
            };
          },
          { xs: { k: at } },
        );
        const loss = carry.s.square().sum().add(out.g.sum()).add(out.f.sin().sum());
        return { i: carry.i, s: carry.s, ...out, g: out.g, gt: grad(loss, table) };
      },
    },
    {
      name: `a branch inside a while inside a scan, with several results, some of them passed through, ${dtype}`,
      inputs: { xs: sample([5, 3], dtype), a: scalar(0.7, dtype) },
      f: ({ xs, a }) => {
        const { carry, out } = scan(
          { p: zeros([3], dtype), q: tensor([1, 2, 3], { dtype }) },
          (c, { x }) => {
            const turned = whileLoop(
              { n: zeros([], "int32"), p: c.p, q: c.q },
              ({ n, p }) => n.lt(4).and(p.sum().lt(3)),
              ({ n, p, q }) => {
                const chosen = cond(
                  n.mod(2).eq(0),
                  () => ({ p: q, q: p, r: x, s: x }),
                  () => ({ p: p.add(x).mul(a), q, r: q.flip(0), s: zeros([3], dtype) }),
                );
                return { n: n.add(1), p: chosen.p.add(chosen.s.mul(0.1)), q: chosen.q.sub(chosen.r.mul(0.2)) };
              },
              { limit: 6 },
            );
            return { carry: { p: turned.p.tanh(), q: turned.q }, out: { n: turned.n } };
          },
          { xs: { x: xs } },
        );
        const loss = carry.p.sum().add(carry.q.square().sum());
        return { ...carry, ...out, ...grad(loss, { xs, a }) };
      },
    },
    {
      name: `constants as carries, results and tests; NaN and infinity among them, ${dtype}`,
      inputs: { x: list([1, -2], dtype), yes: scalar(1, "bool") },
      f: ({ x, yes }) => {
        const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
        const number = (v: number) => tensor(v, { dtype });
        const { carry, out } = scan(
          { a: number(Number.NEGATIVE_INFINITY), b: number(0), k: tensor(odd, { dtype }) },
          (c, e) => ({
            carry: { a: c.a.maximum(e.x), b: number(Number.NaN), k: c.k.flip(0) },
            out: { b: c.b, one: number(1), k: c.k },
          }),
          { xs: { x } },
        );
        const fixed = cond(
          yes,
          () => ({ p: number(Number.POSITIVE_INFINITY), q: x }),
          () => ({ p: number(2), q: zeros([2], dtype) }),
        );
        const never = cond(
          tensor(0, { dtype: "bool" }),
          () => ({ r: x.div(0) }),
          () => ({ r: zeros([2], dtype) }),
        );
        const stays = whileLoop(
          { i: zeros([], "int32"), v: number(7) },
          ({ i }) => i.lt(3),
          ({ i }) => ({ i: i.add(1), v: number(7) }),
        );
        return {
          ...carry,
          ...out,
          b: carry.b,
          bs: out.b,
          ks: out.k,
          ...fixed,
          ...never,
          v: stays.v,
          list: x.mul(tensor(odd, { dtype }).unsqueeze(1)),
        };
      },
    },
    {
      name: `arrays without elements in loops and branches, ${dtype}`,
      inputs: { x: sample([0, 3], dtype), y: sample([3], dtype) },
      f: ({ x, y }) => {
        const { carry, out } = scan(
          { e: x, s: y },
          (c) => ({ carry: { e: c.e.mul(2), s: c.s.add(c.e.sum(0)) }, out: { e: c.e } }),
          { length: 2 },
        );
        const { p } = cond(
          y.sum().gt(0),
          () => ({ p: x.T }),
          () => ({ p: x.T.mul(2) }),
        );
        return {
          e: carry.e,
          s: carry.s,
          es: out.e,
          p,
          both: concat([x, y.unsqueeze(0)], 0),
          turned: p.reshape([0, 3]),
        };
      },
    },
  ];
});
