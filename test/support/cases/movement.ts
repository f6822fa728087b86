import { concat, customGradient, eye, parameter, parameterOf, scan, stack, Tensor } from "pondus";
import { make } from "../../../src/graph/make.ts";
import { type Case, everyType, floats, numbers, sample } from "./case.ts";

export const movementCases: readonly Case[] = [
  ...everyType.flatMap((dtype): Case[] => [
    {
      name: `each movement alone, ${dtype}`,
      inputs: { x: sample([3, 5, 7], dtype), row: sample([7], dtype) },
      f: ({ x, row }) => ({
        reshape: x.reshape([15, 7]),
        flatten: x.flatten(),
        permute: x.permute([2, 0, 1]),
        transpose: x.T,
        expand: row.expand([2, 3, 7]),
        slice: x.slice(1, 4, 1),
        negative: x.slice(-3, undefined, 2),
        pad: x.padAxis(2, 1, 1),
        flip: x.flip([0, 2]),
        window: x.window(2, 1, { stride: 2 }),
        flipAll: x.flip(),
        at: x.at(-1, 1),
        unsqueeze: x.unsqueeze(1),
        again: new Tensor(make("again", [x.T.node, x.flip().node], {})),
        checkpoint: new Tensor(make("checkpoint", [x.flip().node, x.node], {})),
        ...(dtype.startsWith("float") && { custom: customGradient(x.flip(), [x], (ct) => [ct.flip()]) }),
      }),
    },
    {
      name: `chains of movements, ${dtype}`,
      inputs: { x: sample([3, 4, 5], dtype) },
      f: ({ x }) => ({
        a: x.permute([2, 0, 1]).reshape([5, 12]).slice(2, 11, 1).padAxis(1, 2, 0).flip(1),
        b: x.flip(1).permute([1, 0, 2]).flatten().slice(7, 50).padAxis(3, 0, 0),
        c: x.padAxis(1, 1, 2).T.reshape([3, 28]).T.flip(0),
        d: x.slice(1, 2).expand([4, 4, 5]).permute([1, 2, 0]).reshape([20, 4]),
        w: x.window(2, 2).window(3, 1).permute([0, 4, 2, 1, 3]).slice(1, undefined, 4).flip(2),
        windowed: x.padAxis(1, 1, 2).window(3, 2, { stride: 2, dilation: 2 }).reshape([24, 3]),
        e: x.padAxis(1, 1, 0).padAxis(2, 0, 0).slice(1, 5).flip(0).padAxis(0, 1, 1),
      }),
    },
    {
      name: `where over moved conditions, ${dtype}`,
      inputs: { test: sample([5, 3], "bool"), x: sample([3, 5], dtype), y: sample([5], dtype) },
      f: ({ test, x, y }) => ({
        a: test.T.where(x, y),
        b: test.padAxis(1, 1, 0).T.where(x.padAxis(1, 1, 1), 1),
        c: test.flip(1).T.where(x.flip(0), y.flip()),
      }),
    },
  ]),
  ...numbers.flatMap((dtype): Case[] => [
    {
      name: `movements into elementwise ops and reductions, ${dtype}`,
      inputs: { x: sample([3, 4, 5], dtype), y: sample([5, 12], dtype) },
      f: ({ x, y }) => {
        const moved = x.permute([2, 0, 1]).reshape([5, 12]);
        const window = moved.padAxis(2, 2, 1).slice(1, 13, 1).flip(0);
        return {
          sum: moved.mul(y).sum(1),
          max: window.add(y).max(0),
          padded: moved.padAxis(1, 1, 0).add(1).sum(0),
          tail: moved.mul(y).slice(1, 4).sum(1).flip(),
          turned: moved.sum(0).reshape([3, 4]).T.add(x.at(0, 2).T),
        };
      },
    },
    {
      name: `sums over sliding slices (a stencil), ${dtype}`,
      inputs: { x: sample([33], dtype) },
      f: ({ x }) => {
        const padded = x.padAxis(1, 1, 0);
        return {
          laplace: padded.slice(0, 33).add(padded.slice(2, 35)).sub(x.mul(2)),
        };
      },
    },
    {
      name: `concat and stack, ${dtype}`,
      inputs: { a: sample([2, 3], dtype), b: sample([1, 3], dtype), c: sample([4, 3], dtype) },
      f: ({ a, b, c }) => ({
        rows: concat([a, b, c]),
        columns: concat([a.T, c.T], 1),
        last: concat([a.T, c.T, b.T], -1),
        stacked: stack([a, a.mul(2), a.flip(0)]),
        inner: stack([a, a.add(1)], 2),
        used: concat([a, b])
          .mul(concat([b, a]))
          .sum(0),
      }),
    },
  ]),
  ...floats.flatMap((dtype): Case[] => [
    {
      name: `movements into contractions, ${dtype}`,
      inputs: { x: sample([3, 4, 5], dtype), y: sample([12, 7], dtype), z: sample([7, 5], dtype) },
      f: ({ x, y, z }) => {
        const moved = x.permute([2, 0, 1]).reshape([5, 12]);
        return {
          product: moved.matmul(y),
          flipped: moved.flip(1).matmul(y.flip()),
          padded: moved
            .padAxis(1, 2, 0)
            .padAxis(3, 0, 1)
            .matmul(y.padAxis(2, 1, 0)),
          sliced: moved.slice(2, 9, 1).matmul(y.slice(4, 11)),
          thrice: moved.matmul(y).matmul(z).T.flip(0).add(eye(5, dtype)),
          spread: moved.at(0).expand([3, 12]).matmul(y),
        };
      },
    },
  ]),
  ...floats.map(
    (dtype): Case => ({
      name: `tensors of different sizes joined, each written where it then lies, ${dtype}`,
      inputs: {
        x: sample([70, 6], dtype),
        y: sample([6, 20], dtype),
        z: sample([70, 3, 4], dtype),
        flag: sample([70, 9], "bool"),
        zero: sample([70, 1], dtype, -1, -0.5),
      },
      f: ({ x, y, z, flag, zero }) => {
        const [product, outer] = [x.matmul(y), x.unsqueeze(2).mul(z.at(0, 1).unsqueeze(1))];
        const returned = x.tanh().mul(2);
        const nothing = zero.mul(0);
        const parts = [product, outer.reshape([70, 24]), x, returned, z.reshape([70, 12]), nothing, z.sum(1).exp()];
        const all = concat(parts, 1);
        const deep = concat(
          [
            all.sin(),
            concat([product.T.flatten(), x.flatten(), all.flatten()]).reshape([1, -1]).sum(0).slice(0, 70).unsqueeze(1),
          ],
          1,
        );
        const p = parameter([70, 74], 0, { dtype });
        return {
          all,
          returned,
          deep,
          rows: concat([
            z.reshape([210, 4]),
            y.reshape([30, 4]),
            x.reshape([105, 4]),
            z.reshape([210, 4]).exp(),
            y.reshape([30, 4]).mul(3),
            x.slice(0, 20).reshape([30, 4]),
            z.reshape([210, 4]),
            z.reshape([210, 4]),
          ]),
          turned: concat([product.T, outer.permute([2, 1, 0]).reshape([24, 70]), x.T.slice(0, 3)], 0),
          twice: concat([product, product, x], 1).sum(0),
          bools: concat([flag.not(), flag, x.gt(0), x.lt(0), flag.and(flag.flip(0)), product.gt(0), product.le(0)], 1),
          looped: scan(
            { h: x },
            ({ h }) => ({ carry: { h: h.mul(0.5) }, out: { row: concat([h.sin(), h.matmul(y), all], 1) } }),
            { length: 3 },
          ).out.row,
          updates: [
            {
              parameter: parameterOf(p)!,
              value: concat(
                [product.cos(), outer.reshape([70, 24]), x, z.reshape([70, 12]), z.sum(2), x.exp().slice(0, 3, 1), x],
                1,
              ),
            },
          ],
          old: p,
        };
      },
      runs: 2,
    }),
  ),
];
