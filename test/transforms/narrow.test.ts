import { checkpoint, compile, cond, grad, scan, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { formal } from "../../src/graph/body.ts";
import { substitute } from "../../src/graph/walk.ts";
import { Tensor as Made } from "../../src/tensor/tensor.ts";
import { narrow } from "../../src/transforms/narrow.ts";

const [size, rows] = [12, 4];
let seed = 1;
const numbers = (shape: readonly number[]): Tensor => {
  const count = shape.reduce((n, x) => n * x, 1);
  return tensor(
    Array.from({ length: count }, () => Math.sin(7.3 * seed++)),
    { dtype: "float64" },
  ).reshape([...shape]);
};

/** What `f` gives for entries [4, 8) of an axis, written for four and written for all. */
async function both(f: (x: Tensor) => Tensor, x: Tensor, axis: number, to: number) {
  const [whole, few] = [x.shape, x.shape.map((n, i) => (i === axis ? rows : n))].map((shape) =>
    formal({ shape, dtype: "float64" }),
  );
  const law = narrow(f(new Made(whole)).node, to, new Map([[whole, { axis, few }]]), size, rows);
  if (!law) return undefined;
  const part = (z: Tensor, at: number) => z.slice(rows, 2 * rows, at);
  const places = law.taken.map((t) => [t.formal, part(new Made(t.whole), t.axis).node] as const);
  const [made] = substitute([law.output], new Map([[few, part(x, axis).node], ...places]));
  const { narrowed, all } = await compile(() => ({ narrowed: new Made(made), all: part(f(x), to) })).run();
  return { narrowed, all, taken: law.taken.length };
}

const p = numbers([size]);
const column = numbers([size, 1]);
const w = numbers([3, 5]);
const several = numbers([size, 3, 5]);
const few = tensor([2, 0, 1, 1], { dtype: "int32" });
const own = tensor(
  [...Array(size).keys()].map((i) => (5 * i) % 7),
  { dtype: "int32" },
);

describe("what is computed entry by entry is the same for fewer entries", () => {
  test.each<[string, (x: Tensor) => Tensor, readonly number[], number, number, number]>([
    ["functions", (x) => x.tanh().mul(x.exp()), [3, size], 1, 1, 0],
    ["numbers of their own", (x) => x.mul(p.exp()).add(column.T), [3, size], 1, 1, 2],
    ["numbers of their own, from a constant", (x) => x.mul(own.cast("float64")), [3, size], 1, 1, 1],
    ["numbers for all", (x) => x.mul(w.at(0).slice(0, 3)), [size, 3], 0, 0, 0],
    ["a product", (x) => x.matmul(w), [size, 3], 0, 0, 0],
    ["a product with matrices of their own", (x) => x.unsqueeze(1).matmul(several).squeeze(1), [size, 3], 0, 0, 1],
    ["sums and maxima", (x) => x.sum(0).add(x.max(2).T), [2, size, 2], 1, 0, 0],
    ["moves", (x) => x.T.unsqueeze(1).slice(1, undefined, 2).padAxis(1, 2, 2).flip(2), [3, size], 1, 0, 0],
    ["other shapes", (x) => x.reshape([2, 3, size, 1]).reshape([3, 2, size]), [6, size], 1, 2, 0],
    ["lookups along another axis", (x) => x.gather(few, 0), [3, size], 1, 1, 0],
    ["lookups along an axis behind", (x) => x.gather(few.reshape([2, 2]), 1), [size, 3, 2], 0, 0, 0],
    ["lookups in a table", (x) => w.gather(x.abs().mul(2).cast("int32"), 0), [2, size], 1, 1, 0],
    ["the derivative of a lookup", (x) => grad(x.gather(few, 1).square().sum(), x), [size, 3], 0, 0, 0],
    ["windows", (x) => x.window(2, 0).sum(1), [5, size], 1, 1, 0],
    ["the derivative of an energy", (x) => grad(x.window(3, 1).sum(2).square().sum(), x), [size, 7], 0, 0, 0],
    ["windows laid over one another", (x) => x.window(2, 0).mul(x.at(0)).overlapAdd(0), [5, size], 1, 1, 0],
    ["checkpoints", (x) => checkpoint((z: Tensor) => z.sin().mul(p))(x), [3, size], 1, 1, 1],
  ])("%s", async (_, f, shape, axis, to, taken) => {
    const r = await both(f, numbers(shape), axis, to);
    expect(r?.narrowed.shape).toEqual(r?.all.shape);
    expect(r?.narrowed.data).toEqual(r?.all.data);
    expect(r?.taken).toBe(taken);
  });
});

describe("what is not is left alone", () => {
  test.each<[string, (x: Tensor) => Tensor]>([
    ["a sum over all", (x) => x.sub(x.mean(1, { keepDims: true }))],
    ["neighbours", (x) => x.slice(1, undefined, 1).padAxis(0, 1, 1)],
    ["turned round", (x) => x.flip(1)],
    ["another axis", (x) => x.reshape([size, 3]).T],
    ["a product of all with all", (x) => x.T.matmul(x).slice(0, 3)],
    ["a loop", (x) => scan({ x }, (c) => ({ carry: { x: c.x.sin() } }), { length: 3 }).carry.x],
    [
      "a branch",
      (x) =>
        cond(
          tensor(1).gt(0),
          () => ({ y: x.sin() }),
          () => ({ y: x }),
        ).y,
    ],
    ["nothing of it", () => numbers([3, size])],
  ])("%s", async (_, f) => {
    expect(await both(f, numbers([3, size]), 1, 1)).toBeUndefined();
  });
});
