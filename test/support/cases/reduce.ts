import { Tensor } from "pondus";
import { recurrence } from "../../../src/tensor/reduction/recurrence.ts";
import { type Case, floats, list, numbers, outputs, sample } from "./case.ts";

const axes = [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]];
const nan = Number.NaN;

export const reduceCases: readonly Case[] = [
  ...numbers.flatMap((dtype): Case[] => [
    {
      name: `sum and max over every choice of axes, ${dtype}`,
      inputs: { x: sample([3, 7, 5], dtype) },
      f: ({ x }) =>
        outputs(
          axes.flatMap((a) => [
            [`sum_${a}`, x.sum(a)],
            [`max_${a}`, x.max(a)],
            [`min_${a}`, x.min(a)],
            [`kept_${a}`, x.sum(a, { keepDims: true })],
          ]),
        ),
    },
    {
      name: `reductions of odd sizes, ${dtype}`,
      inputs: Object.fromEntries([1, 3, 7, 17, 33, 257].map((n) => [`x${n}`, sample([n], dtype)])),
      f: (x) =>
        outputs(
          Object.keys(x).flatMap((k) => [
            [`sum_${k}`, x[k].sum()],
            [`max_${k}`, x[k].max()],
          ]),
        ),
    },
    {
      name: `windows laid over one another, ${dtype}`,
      inputs: { x: sample([3, 7, 5], dtype) },
      f: ({ x }) => ({
        first: x.overlapAdd(0),
        last: x.overlapAdd(1, { dilation: 2 }),
        strided: x.overlapAdd(0, { stride: 3 }),
        expression: x.mul(x).overlapAdd(1, { stride: 2 }).add(1),
        product: x.mul(x.at(0)).at(0, 2).overlapAdd(0),
      }),
    },
    {
      name: `several reductions over different axes of one expression, ${dtype}`,
      inputs: { x: sample([17, 33], dtype), y: sample([33], dtype) },
      f: ({ x, y }) => {
        const p = x.mul(y);
        const centred = p.sub(p.max(1, { keepDims: true }));
        return { rows: p.sum(1), columns: p.sum(0), all: p.sum(), top: p.max(1), left: centred.sum(0), low: p.min() };
      },
    },
    {
      name: `reductions of reductions, ${dtype}`,
      inputs: { x: sample([3, 5, 7], dtype) },
      f: ({ x }) => ({ a: x.sum(2).max(1).sum(), b: x.max(0).sum(1), c: x.sum(0).add(1).sum(0, { keepDims: true }) }),
    },
  ]),
  ...floats.flatMap((dtype): Case[] => [
    {
      // Running totals of float32 are kept in float64; the op itself takes both.
      name: `a recurrence, forwards along each axis, ${dtype}`,
      inputs: {
        a: sample([3, 17], dtype),
        b: sample([3, 17], dtype),
        rows: sample([17], dtype),
        columns: sample([3], dtype),
      },
      f: ({ a, b, rows, columns }) => ({
        down: new Tensor(recurrence(a.node, b.node, rows.node, 0)),
        along: new Tensor(recurrence(a.node, b.node, columns.node, 1)),
      }),
    },
    {
      name: `mean, variance, softmax and their kin, ${dtype}`,
      inputs: { x: sample([3, 17], dtype) },
      f: ({ x }) => ({
        mean: x.mean(),
        rows: x.mean(1),
        variance: x.variance(0),
        logSumExp: x.logSumExp(1),
        softmax: x.softmax(),
        softmax0: x.softmax(0),
        logSoftmax: x.logSoftmax(),
        cumsum: x.cumsum(),
        cumsum0: x.cumsum(0),
        argmax: x.argmax(),
        argmax0: x.argmax(0),
      }),
    },
    {
      name: `max passes NaN on, sums follow IEEE, ${dtype}`,
      inputs: {
        x: {
          shape: [4, 3],
          dtype,
          values: [1, nan, 2, -Infinity, 3, -Infinity, -Infinity, -Infinity, -Infinity, Infinity, -Infinity, 0],
        },
      },
      f: ({ x }) => ({ max: x.max(1), min: x.min(1), sum: x.sum(1), top: x.max() }),
      expected: {
        max: [nan, 3, -Infinity, Infinity],
        min: [nan, -Infinity, -Infinity, -Infinity],
        sum: [nan, -Infinity, -Infinity, nan],
        top: [nan],
      },
    },
    {
      name: `NaN anywhere in a long max, ${dtype}`,
      inputs: {
        x: list(
          Array.from({ length: 37 }, (_, i) => (i === 29 ? nan : i)),
          dtype,
        ),
      },
      f: ({ x }) => ({ max: x.max(), rows: x.expand([3, 37]).max(1) }),
      expected: { max: [nan], rows: [nan, nan, nan] },
    },
    {
      name: `softmax of large numbers does not overflow, ${dtype}`,
      inputs: { x: { shape: [2, 3], dtype, values: [1000, 1000, -1000, -800, -800, -800] } },
      f: ({ x }) => ({ softmax: x.softmax(), logSumExp: x.logSumExp(1) }),
    },
    {
      name: `argmax: the first of equals, ${dtype}`,
      inputs: { x: list([1, 3, 2, 3, 0], dtype) },
      f: ({ x }) => ({ at: x.argmax() }),
      expected: { at: [1] },
    },
  ]),
  {
    name: "a sum of int32 wraps around",
    inputs: { x: list([2 ** 31 - 1, 2 ** 31 - 1, 3], "int32") },
    f: ({ x }) => ({ sum: x.sum() }),
    expected: { sum: [1] },
  },
];

/** Arrays without elements: what is summed over nothing is zero. */
export const emptyCases: readonly Case[] = floats.map((dtype) => ({
  name: `arrays without elements, ${dtype}`,
  inputs: { x: sample([0, 3], dtype), y: sample([3, 0], dtype), z: sample([3], dtype) },
  f: ({ x, y, z }) => ({
    sum0: x.sum(0),
    sum1: x.sum(1),
    all: x.sum(),
    same: x.mul(2).add(z),
    product: y.matmul(x),
    outer: x.matmul(y),
    turned: z.unsqueeze(0).matmul(y).T,
    split: x.add(1).reshape([2, 0, 3]).reshape([0]),
    merged: x.T.reshape([0]).add(1),
    padded: x.padAxis(1, 1, 0).add(z),
    none: z.slice(1, 1),
  }),
  expected: {
    sum0: [0, 0, 0],
    sum1: [],
    all: [0],
    same: [],
    product: [0, 0, 0, 0, 0, 0, 0, 0, 0],
    outer: [],
    turned: [],
    split: [],
    merged: [],
    none: [],
  },
}));
