import { cond, grad, jvp, ones, scan, type Tensor, tensor, whileLoop, zeros } from "pondus";
import type { GradientCase } from "./check.ts";

const number = (value: number) => tensor(value, { dtype: "float64" });
const whole = (value: number) => tensor(value, { dtype: "int32" });
const one = (name: string, f: GradientCase["f"], ...shapes: (readonly number[])[]): GradientCase => ({
  name,
  f,
  inputs: shapes.map((shape) => ({ shape, from: -1.5, to: 1.5 })),
});

/** h' = tanh(h w + x): carry, sequence and captured weights all move. */
const recurrent =
  (reverse: boolean, result: (last: Tensor, all: Tensor) => Tensor) => (w: Tensor, h: Tensor, xs: Tensor) => {
    const { carry, out } = scan(
      { h },
      (c, { x }) => {
        const next = c.h.matmul(w).add(x).tanh();
        return { carry: { h: next }, out: { h: next } };
      },
      { xs: { x: xs }, reverse },
    );
    return result(carry.h, out.h);
  };

export const scanCases: readonly GradientCase[] = [
  one(
    "scan, last carry",
    recurrent(false, (last) => last),
    [2, 2],
    [2],
    [4, 2],
  ),
  one(
    "scan, stacked outputs",
    recurrent(false, (_, all) => all),
    [2, 2],
    [2],
    [4, 2],
  ),
  one(
    "scan in reverse, both",
    recurrent(true, (last, all) => all.mul(last)),
    [2, 2],
    [2],
    [4, 2],
  ),
  one(
    "scan of no steps",
    recurrent(false, (last) => last.mul(2)),
    [2, 2],
    [2],
    [0, 2],
  ),
  one(
    "scan by length, a carry that only feeds another",
    (a, b) => {
      const { carry } = scan(
        { p: a, q: b },
        ({ p, q }) => ({ carry: { p: p.add(q.mul(0.1)), q: q.sub(p.sin().mul(0.1)) } }),
        {
          length: 5,
        },
      );
      return carry.p;
    },
    [3],
    [3],
  ),
  one(
    "scan with whole numbers in its carry and an unused carry",
    (x, y) => {
      const { carry, out } = scan(
        { i: whole(0), s: y, unused: y },
        ({ i, s, unused }) => ({
          carry: { i: i.add(1), s: s.add(x.at(i).square().mul(s)), unused: unused.mul(2) },
          out: { t: s.mul(i.cast("float64")) },
        }),
        { length: 3 },
      );
      return carry.s.add(out.t.sum());
    },
    [3],
    [],
  ),
  one(
    "scan whose outputs depend on the sequence alone",
    (x, s) => {
      const { carry, out } = scan({ s }, (c, e) => ({ carry: { s: c.s.mul(e.x) }, out: { y: e.x.exp() } }), {
        xs: { x },
      });
      return out.y.add(carry.s);
    },
    [4],
    [],
  ),
  one(
    "scans inside a scan",
    (x, a) => {
      const { carry, out } = scan(
        { s: number(0.3) },
        (c, row) => {
          const inner = scan(
            { t: c.s },
            (d, e) => ({ carry: { t: d.t.mul(a).add(e.v.sin()).tanh() }, out: { t: d.t.mul(a) } }),
            { xs: { v: row.v }, reverse: true },
          );
          return { carry: { s: inner.carry.t.add(c.s.mul(0.5)) }, out: { t: inner.out.t.mul(c.s) } };
        },
        { xs: { v: x } },
      );
      return out.t.sum(0).add(carry.s);
    },
    [3, 2],
    [],
  ),
  one(
    "a gradient inside a scan (descent on an inner loss)",
    (w, x) =>
      scan(
        { w },
        (c) => {
          const loss = c.w.mul(x).sin().add(c.w.square()).sum();
          return { carry: { w: c.w.sub(grad(loss, c.w).mul(0.1)) } };
        },
        { length: 3 },
      ).carry.w,
    [3],
    [3],
  ),
  one(
    "a forward derivative of a scan",
    (w, h, xs) => jvp(recurrent(false, (last) => last)(w, h, xs), h, ones([2], "float64")),
    [2, 2],
    [2],
    [3, 2],
  ),
  one(
    "a gradient of a gradient through a scan, as a function",
    (a, x) => {
      const y = scan({ y: x }, (c) => ({ carry: { y: c.y.mul(a).sin() } }), { length: 3 }).carry.y;
      const first = grad(y, x);
      return grad(first.mul(a), a).add(grad(first, x));
    },
    [],
    [],
  ),
];

/** Newton's square root, of which the test must not sit on its edge at the sampled points. */
const newton = (limit: number | undefined) => (a: Tensor) =>
  whileLoop(
    { y: number(1) },
    ({ y }) => y.mul(y).sub(a).abs().gt(1e-2),
    ({ y }) => ({ y: y.add(a.div(y)).mul(0.5) }),
    { limit },
  ).y;

const positive = [{ shape: [], from: 2, to: 4 }];

export const whileCases: readonly GradientCase[] = [
  { name: "while with a limit", f: newton(8), inputs: positive },
  { name: "while stopped by its limit", f: newton(2), inputs: positive },
  { name: "while without a limit, forwards", f: newton(undefined), inputs: positive, forwardOnly: true },
  one(
    "while counting to a number, captured arrays, several carries",
    (x, y) => {
      const r = whileLoop(
        { i: whole(0), s: y, t: zeros([3], "float64") },
        ({ i }) => i.lt(3),
        ({ i, s, t }) => ({ i: i.add(1), s: s.mul(x).tanh(), t: t.add(s.mul(s)) }),
        { limit: 5 },
      );
      return r.s.add(r.t);
    },
    [3],
    [3],
  ),
  one(
    "while that fills a table, of fewer rows than its limit",
    (x, a) => {
      const r = whileLoop(
        { i: whole(0), y: x, rows: zeros([5, 3], "float64") },
        ({ i }) => i.lt(4),
        ({ i, y, rows }) => ({
          i: i.add(1),
          y: y.mul(a).sin(),
          rows: rows.add(y.unsqueeze(0).scatterAdd(i.unsqueeze(0), 5)),
        }),
        { limit: 9 },
      );
      return r.rows.square().sum(0).add(r.y);
    },
    [3],
    [],
  ),
  one(
    "a while in a while, and a scan around both",
    (xs, a) => {
      const { carry } = scan(
        { s: number(0.4) },
        ({ s }, { x }) => {
          const outer = whileLoop(
            { i: whole(0), t: s.add(x) },
            ({ i }) => i.lt(2),
            ({ i, t }) => {
              const inner = whileLoop(
                { j: whole(0), u: t },
                ({ j }) => j.le(i),
                ({ j, u }) => ({ j: j.add(1), u: u.mul(a).sin().add(t.mul(0.2)) }),
                { limit: 4 },
              );
              return { i: i.add(1), t: inner.u.mul(x).tanh() };
            },
            { limit: 3 },
          );
          return { carry: { s: outer.t.mul(a) } };
        },
        { xs: { x: xs } },
      );
      return carry.s;
    },
    [3],
    [],
  ),
  one(
    "a gradient of a gradient through a while, and both at once",
    (a, x) => {
      const { y } = whileLoop(
        { i: whole(0), y: x },
        ({ i }) => i.lt(3),
        (c) => ({ i: c.i.add(1), y: c.y.mul(a).sin() }),
        { limit: 6 },
      );
      const first = grad(y, x);
      return grad(first.mul(a), a).add(grad(first, x)).add(y);
    },
    [],
    [],
  ),
  one(
    "a gradient of a gradient through a while whose body needs room of its own",
    (x, a) => {
      const { y } = whileLoop(
        { i: whole(0), y: x },
        ({ i }) => i.lt(3),
        (c) => ({ i: c.i.add(1), y: c.y.matmul(a).sin().matmul(a) }),
        { limit: 7 },
      );
      return grad(grad(y.sum(), x).mul(x).sum(), a);
    },
    [3],
    [3, 3],
  ),
  one(
    "while that takes no step",
    (x) =>
      whileLoop(
        { x },
        (c) => c.x.sum().gt(100),
        (c) => ({ x: c.x.mul(2) }),
        { limit: 3 },
      ).x.square(),
    [3],
  ),
];

export const condCases: readonly GradientCase[] = [
  ...[1, -1].map((sign) =>
    one(
      `cond, ${sign > 0 ? "first" : "second"} branch`,
      (x, y) => {
        const r = cond(
          number(sign).gt(0).and(x.sum().lt(100)),
          () => ({ a: x.sin().mul(y), b: y.sum() }),
          () => ({ a: x.square().mul(x), b: x.at(0) }),
        );
        return r.a.add(r.b);
      },
      [3],
      [3],
    ),
  ),
  one(
    "cond inside a scan, a while inside a cond",
    (xs, a) => {
      const { carry } = scan(
        { s: number(0.5) },
        ({ s }, { x }) => {
          const { r } = cond(
            x.gt(0),
            () => ({
              r: whileLoop(
                { r: s },
                (c) => c.r.abs().lt(3),
                (c) => ({ r: c.r.mul(1.5).add(a.square()).add(0.2) }),
                { limit: 4 },
              ).r,
            }),
            () => ({ r: s.mul(a).cos() }),
          );
          return { carry: { s: r.mul(x).tanh() } };
        },
        { xs: { x: xs } },
      );
      return carry.s;
    },
    [5],
    [],
  ),
  one(
    "cond of which a branch is a constant",
    (x) =>
      cond(
        x.gt(100),
        () => ({ y: x.square() }),
        () => ({ y: number(2) }),
      ).y.mul(x),
    [],
  ),
];
