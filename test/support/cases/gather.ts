import { grad, tensor } from "pondus";
import { type Case, everyType, floats, list, numbers, sample } from "./case.ts";

const index = list([2, 0, 2, 3, 2, 1, 3], "int32");
const matrix = { shape: [2, 3], dtype: "int32", values: [0, 3, 1, 1, 2, 0] } as const;
const outside = list([-5, -1, 0, 3, 4, 99, 2 ** 31 - 1, -(2 ** 31)], "int32");

export const gatherCases: readonly Case[] = [
  ...everyType.map(
    (dtype): Case => ({
      name: `gather along each axis, repeated and clamped, ${dtype}`,
      inputs: { x: sample([4, 5, 4], dtype), index, matrix, outside, one: { shape: [], dtype: "int32", values: [3] } },
      f: ({ x, index, matrix, outside, one }) => ({
        first: x.gather(index, 0),
        last: x.gather(index, 2),
        table: x.gather(matrix, 0),
        inner: x.gather(matrix, 2),
        clamped: x.gather(outside, 0),
        single: x.gather(one, 1),
        at: x.at(one, 0),
      }),
    }),
  ),
  ...numbers.map(
    (dtype): Case => ({
      name: `scatterAdd along each axis, repeated and clamped, ${dtype}`,
      inputs: {
        x: sample([7, 3], dtype),
        t: sample([2, 3, 4], dtype),
        y: sample([8], dtype),
        z: sample([3], dtype),
        index,
        matrix,
        outside,
        one: { shape: [], dtype: "int32", values: [1] },
      },
      f: ({ x, t, y, z, index, matrix, outside, one }) => ({
        rows: x.scatterAdd(index, 4),
        columns: x.T.scatterAdd(index, 6, 1),
        table: t.scatterAdd(matrix, 4),
        clamped: y.scatterAdd(outside, 4),
        single: z.scatterAdd(one, 4),
        used: x.mul(2).scatterAdd(index, 4).add(1).sum(0),
      }),
    }),
  ),
  ...numbers.map(
    (dtype): Case => ({
      name: `an index that the program holds, in range and not, ${dtype}`,
      inputs: { x: sample([4, 3], dtype), y: sample([5], dtype) },
      f: ({ x, y }) => {
        const inside = tensor([3, 0, 0, 2, 3], { dtype: "int32" });
        const beyond = tensor([3, -1, 0, 2, 4], { dtype: "int32" });
        return {
          rows: x.gather(inside),
          columns: x.gather(tensor([[2, 0]], { dtype: "int32" }), 1),
          clamped: x.gather(beyond),
          added: y.scatterAdd(inside, 4),
          addedClamped: y.scatterAdd(beyond, 4),
        };
      },
    }),
  ),
  ...everyType.map(
    (dtype): Case => ({
      name: `scatter that sets, order and entries along an axis, ${dtype}`,
      inputs: { x: sample([5, 9, 2], dtype), u: sample([7, 2], dtype), index, outside: sample([5, 4, 1], "int32") },
      f: ({ x, u, index, outside }) => ({
        set: x.scatter(index, u, { axis: 1 }),
        inner: x.scatter(index, u.T.at(0), { axis: 2 }),
        sorted: x.sort(1),
        falling: x.argsort(0, { descending: true }),
        top: x.topK(3, 1).values,
        along: x.takeAlongAxis(outside, 1),
        put: x.putAlongAxis(outside, u.at(0), { axis: 1 }),
        rolled: x.roll(-4, 1),
        lower: x.tril(-1),
        spread: u.at(0, 1).diag(2),
        diagonal: x.diagonal(1, 1, 0),
        tiled: u.tile([2, 1, 3]),
      }),
    }),
  ),
  ...numbers.map(
    (dtype): Case => ({
      name: `scatter that multiplies, or takes the smaller or larger, and running totals, ${dtype}`,
      inputs: { x: sample([5, 9, 2], dtype), u: sample([7, 2], dtype), index },
      f: ({ x, u, index }) => ({
        mul: x.scatter(index, u, { axis: 1, combine: "mul" }),
        min: x.scatter(index, u, { axis: 1, combine: "min" }).add(1),
        max: x.scatter(index, u, { axis: 1, combine: "max" }),
        add: x.scatter(index, u, { axis: 1, combine: "add" }),
        sums: x.cumsum(1).mul(x),
        lastSums: x.mul(2).cumsum(),
        products: x.slice(0, 5, 1).cumprod(1),
        largest: x.cummax(0).sub(x),
        smallest: x.cummin(1, { reverse: true }),
        product: x.slice(0, 3, 1).prod(1),
        any: x.any(0),
        all: x.all([0, 2], { keepDims: true }),
      }),
    }),
  ),
  {
    name: "an index out of range means the nearest entry",
    inputs: { x: list([10, 20, 30]), index: list([-7, 1, 7], "int32"), y: list([1, 2, 4]) },
    f: ({ x, index, y }) => ({ gather: x.gather(index), scatter: y.scatterAdd(index, 3) }),
    expected: { gather: [10, 20, 30], scatter: [1, 2, 4] },
  },
  ...floats.map(
    (dtype): Case => ({
      name: `gather and scatter of expressions, with gradients, ${dtype}`,
      inputs: { x: sample([4, 3], dtype), w: sample([3, 5], dtype), index, order: sample([7], "int32") },
      f: ({ x, w, index, order }) => {
        const rows = x.sin().gather(index.add(order).mod(4));
        const loss = rows.matmul(w).tanh().scatterAdd(index, 4).square().sum();
        return { rows, loss, ...grad(loss, { x, w }) };
      },
    }),
  ),
];
