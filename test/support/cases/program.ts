import { grad, mean, parameter, parameterOf, random, repeat, square, type Tensor, tensor, zeros } from "pondus";
import { type Case, everyType, floats, list, sample, scalar } from "./case.ts";

const home = (x: Tensor) => {
  const p = parameterOf(x);
  if (!p) throw new Error("not a parameter");
  return p;
};
const update = (x: Tensor, value: Tensor) => ({ parameter: home(x), value });

/** What a program is beside its expressions: outputs, updates of parameters, repeated steps, random numbers. */
export const programCases: readonly Case[] = [
  ...everyType.map(
    (dtype): Case => ({
      name: `outputs that are inputs, constants, data, each other, ${dtype}`,
      inputs: { x: sample([5], dtype), unused: sample([3], dtype) },
      f: ({ x }) => {
        const w = parameter([3], [1, 0, 1], { dtype });
        const y = x.flip();
        return {
          x,
          again: x,
          y,
          twin: y,
          one: tensor(1, { dtype }),
          spread: tensor(1, { dtype }).expand([2, 3]),
          zeros: zeros([4], dtype),
          data: tensor([1, 0, 1], { dtype }),
          w,
          view: w.flip().reshape([3, 1]),
        };
      },
      expected: {
        one: [1],
        spread: [1, 1, 1, 1, 1, 1],
        zeros: [0, 0, 0, 0],
        data: [1, 0, 1],
        w: [1, 0, 1],
        view: [1, 0, 1],
      },
    }),
  ),
  {
    name: "an output that is an intermediate value of another",
    inputs: { x: sample([7, 3]) },
    f: ({ x }) => {
      const a = x.exp();
      const b = a.sum(1);
      return { a, b, c: a.div(b.unsqueeze(1)), d: a.T };
    },
  },
  ...floats.flatMap((dtype): Case[] => [
    {
      name: `a step of gradient descent, three times, ${dtype}`,
      inputs: { x: sample([9, 3], dtype), y: sample([9], dtype) },
      runs: 3,
      f: ({ x, y }) => {
        const [w, b] = [parameter([3], [0.1, -0.2, 0.3], { dtype }), parameter([], 0.5, { dtype })];
        const loss = mean(square(x.matmul(w).add(b).sub(y)));
        const g = grad(loss, [w, b]);
        return { loss, old: w, updates: [update(w, w.sub(g[0].mul(0.1))), update(b, b.sub(g[1].mul(0.1)))] };
      },
    },
    {
      name: `parameters swapped, and an output that is an old value, ${dtype}`,
      inputs: {},
      runs: 3,
      f: () => {
        const [a, b] = [parameter([2], [1, 2], { dtype }), parameter([2], [3, 4], { dtype })];
        return { a, sum: a.mul(10).add(b), updates: [update(a, b), update(b, a)] };
      },
      expected: { a: [1, 2], sum: [13, 24] },
    },
    {
      name: `parameters moved in place: reversed, rotated, set from an input, ${dtype}`,
      inputs: { x: list([7, 8, 9], dtype) },
      runs: 2,
      f: ({ x }) => {
        const [a, b, c] = [
          [1, 2, 3],
          [4, 5, 6],
          [0, 0, 0],
        ].map((init) => parameter([3], init, { dtype }));
        const rotated = b.gather(tensor([1, 2, 0], { dtype: "int32" }));
        return { before: c, updates: [update(a, a.flip()), update(b, rotated), update(c, x)] };
      },
      expected: { before: [7, 8, 9] },
    },
    {
      name: `a parameter updated by a value that another output and update share, ${dtype}`,
      inputs: {},
      runs: 2,
      f: () => {
        const [a, b] = [parameter([3], [1, 2, 3], { dtype }), parameter([3], 0, { dtype })];
        const next = a.mul(2).add(1);
        return { next, same: a, updates: [update(a, next), update(b, next)] };
      },
      expected: { next: [7, 11, 15], same: [3, 5, 7] },
    },
    {
      name: `a constant, and the parameter itself, as updates, ${dtype}`,
      inputs: {},
      runs: 2,
      f: () => {
        const [a, b] = [parameter([2], [1, 2], { dtype }), parameter([2], [3, 4], { dtype })];
        return { a, b, updates: [update(a, zeros([2], dtype)), update(b, b)] };
      },
      expected: { a: [0, 0], b: [3, 4] },
    },
    {
      name: `repeat: many steps as one program, ${dtype}`,
      inputs: { n: scalar(7, "int32"), x: sample([4, 3], dtype) },
      runs: 2,
      f: ({ n, x }) => {
        const [w, m] = [parameter([3], [1, -1, 2], { dtype }), parameter([3], 0, { dtype })];
        const loss = mean(square(x.matmul(w)));
        const momentum = m.mul(0.9).add(grad(loss, w));
        const step = { outputs: { loss }, updates: [update(m, momentum), update(w, w.sub(momentum.mul(0.05)))] };
        const { outputs, updates } = repeat(step, n);
        return { ...outputs, updates };
      },
      expected: { steps: [7] },
    },
    {
      name: `repeat: stops early, and may take no step, ${dtype}`,
      inputs: { n: scalar(100, "int32"), none: scalar(0, "int32") },
      f: ({ n, none }) => {
        const [a, b] = [parameter([], 64, { dtype }), parameter([], 5, { dtype })];
        const halving = { outputs: { a: a.mul(0.5) }, updates: [update(a, a.mul(0.5))] };
        const still = { outputs: { b: b.mul(2) }, updates: [update(b, b.mul(2))] };
        const [early, never] = [repeat(halving, n, (o) => o.a.gt(1)), repeat(still, none)];
        return {
          steps: early.outputs.steps,
          last: early.outputs.a,
          never: never.outputs.steps,
          updates: [...early.updates, ...never.updates],
        };
      },
      expected: { steps: [6], last: [1], never: [0] },
    },
    {
      name: `random numbers from a key that is data, ${dtype}`,
      inputs: { seed: list([123, -456], "int32"), step: scalar(3, "int32") },
      f: ({ seed, step }) => {
        const key = random.foldIn(seed, step);
        return {
          key,
          bits: random.bits(seed, [3, 5]),
          uniform: random.uniform(key, [33], dtype),
          normal: random.normal(key, [17], dtype),
          integers: random.integers(key, [9], 6),
          mask: random.bernoulli(key, [17], 0.3),
        };
      },
    },
  ]),
  ...(["int32", "bool"] as const).map(
    (dtype): Case => ({
      name: `a parameter of ${dtype}`,
      inputs: {},
      runs: 3,
      f: () => {
        const count = parameter([2], [0, 1], { dtype, trainable: false });
        return { count, updates: [update(count, dtype === "bool" ? count.not() : count.add(3))] };
      },
      expected: { count: dtype === "bool" ? [0, 1] : [6, 7] },
    }),
  ),
];
