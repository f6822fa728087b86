import { einsum, grad } from "pondus";
import { type Case, floats, outputs, sample, type Value } from "./case.ts";

const sizes = [
  [1, 1, 1],
  [3, 7, 1],
  [1, 17, 33],
  [7, 3, 17],
  [17, 33, 7],
  [33, 17, 3],
  [65, 70, 67],
];
const specs: readonly [string, ...number[][]][] = [
  ["bij,bjk->bik", [3, 5, 7], [3, 7, 4]],
  ["bij,bkj->bik", [3, 5, 7], [3, 4, 7]],
  ["bji,bjk->bik", [3, 7, 5], [3, 7, 4]],
  ["bij,bjk->kbi", [3, 5, 7], [3, 7, 4]],
  ["bij,jk->bik", [3, 5, 7], [7, 4]],
  ["ij,bjk->bik", [5, 7], [3, 7, 4]],
  ["bhqd,bhkd->bhqk", [2, 3, 5, 7], [2, 3, 4, 7]],
  ["ij,ij->", [7, 5], [7, 5]],
  ["ij,ij->i", [7, 5], [7, 5]],
  ["ij,ji->", [7, 5], [5, 7]],
  ["i,j->ij", [7], [5]],
  ["i,i->i", [17], [17]],
  ["i,i->", [33], [33]],
  ["ijk,k->ij", [3, 5, 7], [7]],
  ["ijkl,jl->ik", [2, 3, 4, 5], [3, 5]],
  ["ij,k->ikj", [3, 5], [4]],
  ["ij,kl->", [3, 5], [4, 2]],
  ["ii->i", [5, 5]],
  ["ii->", [5, 5]],
  ["ij->ji", [3, 5]],
  ["ijk->ik", [3, 5, 7]],
  ["ii,ij->j", [5, 5], [5, 3]],
  [",i->i", [], [5]],
];

/** So long that no cache holds what a tile reads: all tiles take a piece of the sum, and then the next. */
const longSum: Case = {
  name: "the gradient of a kernel, a sum over all places of all images",
  inputs: { x: sample([3, 30, 30, 12], "float32"), dy: sample([3, 28, 28, 24], "float32") },
  f: ({ x, dy }) => ({ dkernel: einsum("nakblc,nabo->klco", x.window(3, 1).window(3, 3), dy) }),
};

const products: readonly Case[] = floats.flatMap((dtype): Case[] => [
  ...sizes.map(
    ([m, k, n]): Case => ({
      name: `matmul [${m},${k}] x [${k},${n}], plain and transposed, ${dtype}`,
      inputs: {
        x: sample([m, k], dtype),
        y: sample([k, n], dtype),
        xt: sample([k, m], dtype),
        yt: sample([n, k], dtype),
      },
      f: ({ x, y, xt, yt }) => ({
        nn: x.matmul(y),
        nt: x.matmul(yt.T),
        tn: xt.T.matmul(y),
        tt: xt.T.matmul(yt.T),
        swapped: x.matmul(y).T,
      }),
    }),
  ),
  {
    name: `vectors and batches in matmul, ${dtype}`,
    inputs: {
      x: sample([5, 7], dtype),
      u: sample([5], dtype),
      v: sample([7], dtype),
      b: sample([3, 5, 7], dtype),
      c: sample([2, 1, 7, 4], dtype),
      d: sample([1, 7, 4], dtype),
    },
    f: ({ x, u, v, b, c, d }) => ({
      matrixVector: x.matmul(v),
      vectorMatrix: u.matmul(x),
      dot: v.matmul(v),
      batchVector: b.matmul(v),
      vectorBatch: u.matmul(b),
      spread: b.matmul(c),
      one: b.matmul(d),
      gram: b.T.matmul(b),
    }),
  },
  ...specs.map(([spec, ...shapes]): Case => {
    const inputs: { [name: string]: Value } = {};
    // Mostly of one sign, so that no sum cancels to what its rounding errors are.
    shapes.forEach((shape, i) => {
      inputs[`x${i}`] = sample(shape, dtype, -0.5, 2);
    });
    return {
      name: `einsum ${spec}, ${dtype}`,
      inputs,
      f: (x) => {
        const operands = Object.keys(inputs).map((name) => x[name]);
        const y = einsum(spec, ...operands);
        return outputs([["y", y], ...operands.map((o, i) => [`grad${i}`, grad(y.square().sum(), o)] as const)]);
      },
    };
  }),
  {
    name: `a contraction with prologue, bias and activation, ${dtype}`,
    inputs: { x: sample([17, 7], dtype), w: sample([7, 33], dtype), b: sample([33], dtype), s: sample([17, 1], dtype) },
    f: ({ x, w, b, s }) => ({
      dense: x.matmul(w).add(b).tanh(),
      scaled: x.mul(s).matmul(w.square()).mul(s).add(b),
      gated: x.matmul(w).sigmoid().mul(x.matmul(w)),
      reduced: x.matmul(w).add(b).max(1),
    }),
  },
  {
    name: `a small network and its gradients, ${dtype}`,
    inputs: {
      x: sample([17, 5], dtype),
      y: sample([17, 3], dtype),
      w1: sample([5, 33], dtype, -0.5, 0.5),
      b1: sample([33], dtype, -0.5, 0.5),
      w2: sample([33, 3], dtype, -0.5, 0.5),
      b2: sample([3], dtype, -0.5, 0.5),
    },
    f: ({ x, y, w1, b1, w2, b2 }) => {
      const out = x.matmul(w1).add(b1).tanh().matmul(w2).add(b2);
      const loss = out.sub(y).square().mean();
      return { loss, ...grad(loss, { w1, b1, w2, b2, x }) };
    },
  },
]);

export const contractCases: readonly Case[] = [...products, longSum];
