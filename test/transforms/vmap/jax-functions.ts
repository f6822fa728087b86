import {
  arange,
  checkpoint,
  concat,
  cond,
  einsum,
  grad,
  hessian,
  ones,
  outer,
  pad,
  scan,
  stack,
  type Tensor,
  tensor,
  vmap,
  where,
  whileLoop,
  zeros,
} from "pondus";

/** The functions of test/fixtures/vmap.py. */
type F = (x: Tensor, w: Tensor) => Tensor;

const int = (n: number) => tensor(n, { dtype: "int32" });
const f64 = (n: number) => tensor(n, { dtype: "float64" });
/** Indices of one's own, some out of range. */
const whole = (x: Tensor) => x.mul(3).floor().cast("int32");

const inBodies: { readonly [name: string]: F } = {
  branch: (x, w) =>
    cond(
      x.at(0).gt(0),
      () => ({ y: x.at(0).sqrt().mul(w) }),
      () => ({ y: x.exp().mul(w.at(1)) }),
    ).y,
  "branch of a number shared": (x, w) =>
    cond(
      w.sum().gt(2),
      () => ({ y: x.mul(w) }),
      () => ({ y: x.sub(w) }),
    ).y,
  loop: (x, w) =>
    whileLoop(
      { c: x },
      ({ c }) => c.square().sum().gt(1),
      ({ c }) => ({ c: c.mul(0.5).mul(w.cos()) }),
      { limit: 20 },
    ).c,
  "loop with a count": (x, w) =>
    whileLoop(
      { y: x, n: int(0) },
      ({ n }) => n.lt(whole(x).at(0).clip(0, 5)),
      ({ y, n }) => ({ y: y.sin().mul(w).add(y), n: n.add(1) }),
      { limit: 6 },
    ).y,
  "loop in a loop": (x, w) =>
    whileLoop(
      { y: x, n: int(0) },
      ({ n }) => n.lt(whole(x).at(1).clip(0, 2).add(1)),
      ({ y, n }) => {
        const { z } = whileLoop(
          { z: y },
          ({ z }) => z.sum().gt(1),
          ({ z }) => ({ z: z.mul(0.7).sub(0.1) }),
          { limit: 20 },
        );
        return { y: z.add(w.mul(0.5)), n: n.add(1) };
      },
      { limit: 3 },
    ).y,
  scan: (x, w) => {
    const { carry, out } = scan(
      { c: w.at(1) },
      ({ c }, { y }) => {
        const next = c.mul(w.at(0)).add(y).tanh();
        return { carry: { c: next }, out: { z: next.mul(y) } };
      },
      { xs: { y: x } },
    );
    return out.z.add(carry.c);
  },
  "scan backwards in a branch": (x, w) =>
    cond(
      x.at(0).gt(x.at(1)),
      () => {
        const xs = { y: x.mul(w) };
        const step = ({ c }: { c: Tensor }, { y }: { y: Tensor }) => ({
          carry: { c: c.mul(y).add(w.at(2)) },
          out: { c },
        });
        return { y: scan({ c: x.at(3) }, step, { xs, reverse: true }).out.c };
      },
      () => ({ y: w }),
    ).y,
  "loop in a scan in a branch": (x, w) =>
    cond(
      x.at(2).gt(0),
      () => {
        const { out } = scan(
          { c: x.at(0) },
          ({ c }, { y }) => {
            const { z } = whileLoop(
              { z: c.add(y) },
              ({ z }) => z.abs().gt(0.5),
              ({ z }) => ({ z: z.mul(0.6).mul(z.cos()) }),
              { limit: 20 },
            );
            return { carry: { c: z.mul(w.at(1)) }, out: { z } };
          },
          { xs: { y: w } },
        );
        return { y: out.z };
      },
      () => ({ y: x.mul(x) }),
    ).y,
};

const layers: { readonly [name: string]: F } = {
  convolution: (x, w) => x.window(2).matmul(w.slice(0, 2)).square(),
  "layer norm": (x, w) => {
    const spread = x.sub(x.mean());
    return spread.div(spread.square().mean().add(1e-5).sqrt()).mul(w);
  },
  attention: (x, w) => {
    const [q, k] = [outer(x, w), outer(x.sin(), w)];
    return q.matmul(k.T).div(2).softmax(-1).matmul(q);
  },
  lstm: (x, w) => {
    const { out } = scan(
      { h: zeros([], "float64"), s: w.at(0) },
      ({ h, s }, { y }) => {
        const [i, f, g, o] = [0, 1, 2, 3].map((k) => h.mul(w.at(k)).add(y).sigmoid());
        const next = f.mul(s).add(i.mul(g.tanh()));
        return { carry: { h: o.mul(next.tanh()), s: next }, out: { h } };
      },
      { xs: { y: x } },
    );
    return out.h;
  },
};

const indexed: { readonly [name: string]: F } = {
  sort: (x, w) => x.sort().mul(w),
  order: (x, w) => w.gather(x.argsort()).mul(x),
  "largest two": (x, w) => x.topK(2).values.mul(w.at(0)),
  "running sum": (x, w) => x.mul(w).cumsum().square(),
  "running product": (x, w) => x.mul(w).cumprod(),
  "running maximum": (x, w) => x.cummax().mul(w),
  "place of the largest": (x, w) => w.gather(x.argmax()).mul(x).add(x.argmin().cast("float64")),
  "look up": (x, w) => w.gather(whole(x)).mul(x),
  "look up in a table of its own": (x, w) => x.mul(w).gather(whole(x).slice(0, 3)).square(),
  "rows of a table": (x, w) => outer(x, w).gather(whole(x)).gather(whole(w), 1),
  "scatter added": (x, w) => x.mul(w).scatterAdd(whole(x), 3),
  "scatter set": (x, w) => w.scatter(whole(x).slice(0, 1), x.slice(1, 2).square()),
  "scatter into a row": (x, w) =>
    outer(w, x).scatter(whole(x).slice(0, 1), outer(x, w).slice(0, 1, 1), { axis: 1, combine: "max" }),
};

const others: { readonly [name: string]: F } = {
  "whole numbers": (x, w) => {
    const i = whole(x);
    return i.mul(3).add(1).xor(i.shiftLeft(1)).cast("float64").mul(w).add(i.abs().mod(3).cast("float64"));
  },
  "true and false": (x, w) => {
    const b = x.gt(w);
    return where(b.and(b.flip().not()), x, w).mul(b.any().or(b.not().all()).cast("float64"));
  },
  "spread and norm": (x, w) => {
    const y = x.mul(w);
    return y.sub(y.mean()).square().mean().add(x.sub(w).norm());
  },
  "moved about": (x, w) => {
    const a = concat([x.flip(), w.roll(1)]);
    const padded = pad(a, [[1, 2]]);
    return stack([padded.gather(arange(5).mul(2)), a.slice(2, 7)]).T;
  },
  contraction: (x, w) => einsum("i,j,i->j", x, w, x).add(einsum("i,i->", x, w)),
  triangles: (x, w) => {
    const m = outer(x, w);
    return m.triu().add(m.tril(-1).matmul(m)).diagonal().add(m.trace());
  },
  "single precision": (x, w) => x.cast("float32").cast("float64").mul(0).add(x).mul(w),
  constants: () => ones([3], "float64").mul(2),
  itself: (x) => x,
  "what is shared": (_, w) => w.mul(2),
  "special functions": (x, w) => x.erf().add(w.lgamma().mul(x.normalCdf())).add(x.logaddexp(w)),
  product: (x, w) => x.add(w).prod(),
  rounded: (x, w) => x.floor().mul(w).add(x.mul(2).round()).add(x.mod(w)).add(x.sign().mul(w)),
  clipped: (x, w) => x.clip(-1, 1).mul(w).add(x.maximum(w)),
  "gradient inside": (x, w) => grad(x.mul(w).sin().sum().square(), x),
  "hessian inside": (x, w) => hessian(x.mul(w).sum().mul(f64(0.3)).exp().add(x.pow(3).mul(w).sum()), x) as Tensor,
  "map inside": (x, w) => vmap((a: Tensor, b: Tensor) => a.mul(x).sin().sum().mul(b), { in: [0, null] })(w, x),
  "gradients of a map inside": (x, w) => grad(vmap((a: Tensor) => a.mul(x).tanh().prod())(w).sum(), x),
  checkpointed: (x, w) => checkpoint((a: Tensor) => a.sin().mul(w).tanh().mul(a))(x.mul(w)),
};

export const functions: { readonly [name: string]: F } = {
  network: (x, w) => {
    const hidden = x.matmul(outer(w, w.cos())).tanh();
    return hidden
      .matmul(outer(w.sin(), w.slice(0, 2)))
      .add(w.slice(2))
      .tanh();
  },
  softmax: (x, w) => x.mul(w).softmax(),
  "log sum exp": (x, w) => x.add(w).logSumExp(),
  ...indexed,
  "smallest and largest": (x, w) => x.mul(w).max().sub(x.add(w).min()),
  ...inBodies,
  ...layers,
  ...others,
};
