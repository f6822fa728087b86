import { compile, grad, nn, type Outputs, optim, repeat, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { inBlocks } from "../../src/compiler/batch/blocks.ts";
import { beforeBlocks, dtype, limits, n, passesOf, passesWithSameValues, values, weight } from "../support/blocked.ts";

/** Three layers, so that there is something to cut. */
function network(x: Tensor, act: (x: Tensor) => Tensor = nn.tanh): Tensor {
  return act(act(x.matmul(weight(3, 8)).add(weight(8))).matmul(weight(8, 8))).matmul(weight(8, 2));
}

/** What the blocked graph must still compute, with how many passes over the batch. */
const programs: { readonly [name: string]: { passes: number; f: (x: { [name: string]: Tensor }) => Outputs } } = {
  "a loss and its gradients": {
    passes: 1,
    f: ({ x, y }) => {
      const w = weight(3, 8);
      const out = nn.tanh(x.matmul(w)).matmul(weight(8, 8)).tanh().matmul(weight(8, 2));
      const loss = nn.mse(out, y);
      return { loss, g: grad(loss, w) };
    },
  },
  "an output for every sample": { passes: 1, f: ({ x }) => ({ y: network(x, nn.relu) }) },
  "samples along the last axis": { passes: 1, f: ({ x }) => ({ y: network(x).T.exp(), z: network(x).sum(1) }) },
  "cross entropy": {
    passes: 1,
    f: ({ x, y }) => {
      const loss = network(x).logSoftmax(1).mul(y).sum().neg();
      return { loss, g: grad(loss, x) };
    },
  },
  "a batch norm: its mean goes back to every sample": {
    passes: 3,
    f: ({ x }) => {
      const h = x.matmul(weight(3, 8)).tanh().matmul(weight(8, 8));
      const centred = h.sub(h.mean(0));
      const normal = centred.div(centred.square().mean(0).add(1e-3).sqrt());
      return { y: normal.matmul(weight(8, 2)).sum() };
    },
  },
  "a largest value, subtracted again": {
    passes: 2,
    f: ({ x }) => {
      const h = network(x);
      return { y: h.sub(h.max(0)).exp().sum(0) };
    },
  },
  "embeddings looked up": {
    passes: 1,
    f: ({ index }) => ({ y: network(weight(5, 3).gather(index)).sum() }),
  },
  "reshapes, slices, pads and flips beside the batch": {
    passes: 1,
    f: ({ x }) => {
      const h = network(x).reshape([n, 2, 1]).expand([n, 2, 3]).flip(2).slice(1, 3, 2).reshape([n, 4]);
      return {
        y: h.matmul(weight(4, 4)).padAxis(1, 2, 1).square().sum(),
      };
    },
  },
  "running totals beside the batch": {
    passes: 1,
    f: ({ x }) => {
      const w = weight(3, 8);
      const h = x.matmul(w).tanh().matmul(weight(8, 8)).tanh();
      const y = h.cumsum(1).logCumSumExp(1).add(h.cummax(1)).add(h.T.cumprod(0).T);
      return { y, g: grad(y.sum(), w) };
    },
  },
  "products of samples with one another, which no block can make": {
    passes: 1,
    f: ({ x }) => {
      const h = network(x);
      return { gram: h.matmul(h.T) };
    },
  },
  "columns looked up, and embeddings learned": {
    passes: 1,
    f: ({ x, index }) => {
      const [table, order] = [weight(5, 3), tensor([2, 0, 0, 1], { dtype: "int32" })];
      const loss = network(x.add(table.gather(index)).gather(order, 1).slice(1, undefined, 1))
        .square()
        .sum();
      return { loss, g: grad(loss, table), dx: grad(loss, x) };
    },
  },
  "rows looked up that lie across the batch": {
    passes: 1,
    f: ({ x }) => {
      const order = tensor(
        [
          [1, 0, 0],
          [0, 1, 1],
        ],
        { dtype: "int32" },
      );
      return { y: network(x).T.gather(order, 0) };
    },
  },
  "data that other data of the same length meet": {
    passes: 1,
    f: ({ x }) => ({
      y: network(x)
        .mul(tensor(values(n), { dtype }).unsqueeze(1))
        .sum(),
    }),
  },
};

describe.each(Object.entries(programs))("%s", (_, { passes, f }) => {
  test("has the values that it had", () => {
    const found = passesWithSameValues(f, {
      x: { shape: [n, 3], dtype },
      y: { shape: [n, 2], dtype },
      index: { shape: [n], dtype: "int32" },
    });
    expect(found).toBe(passes);
  });
});

test("a training loop takes its batch in blocks", () => {
  const layers = nn.sequential(nn.dense(3, 8), nn.tanh, nn.dense(8, 8), nn.tanh, nn.dense(8, 2));
  const x = tensor(Array.from({ length: n }, (_, i) => [Math.sin(i), Math.cos(i), 1]));
  const loss = layers(x).square().mean();
  const step = { outputs: { loss }, ...optim.sgd({ learningRate: 0.1 }).minimize(loss) };
  const { graph } = compile(
    ({ count }) => {
      const { outputs, updates } = repeat(step, count);
      return { ...outputs, updates };
    },
    { count: { shape: [], dtype: "int32" } },
  );
  expect(passesOf(inBlocks(beforeBlocks(graph), limits))).toHaveLength(1);
  expect(passesOf(inBlocks(beforeBlocks(graph)))).toHaveLength(0);
});
