import * as fc from "fast-check";
import {
  checkpoint,
  compile,
  concat,
  grad,
  nn,
  type Outputs,
  ode,
  optim,
  repeat,
  scan,
  type Tensor,
  tensor,
  where,
  whileLoop,
  zeros,
} from "pondus";
import { describe, expect, test } from "vitest";
import { inBlocks } from "../../src/compiler/batch/blocks.ts";
import {
  beforeBlocks,
  dtype,
  type Inputs,
  n,
  passesOf,
  passesWithSameValues,
  values,
  weight,
} from "../support/blocked.ts";

const [steps, features, units] = [6, 3, 4];

const inputs = {
  x: { shape: [n, steps, features], dtype },
  y: { shape: [n, units], dtype },
  tokens: { shape: [n, steps], dtype: "int32" },
  start: { shape: [], dtype },
} as const;

const inTime = (x: Tensor) => x.permute([1, 0, 2]);

/** A loss, and its gradients with respect to whatever there is. */
function trained(loss: Tensor, ...wrt: Tensor[]): Outputs {
  return { loss, ...Object.fromEntries(grad(loss, wrt).map((g, i) => [`g${i}`, g])) };
}

/** h <- tanh(h W + x V), from `first`. */
function elman(x: Tensor, first: Tensor, [w, v]: readonly Tensor[] = [weight(units, units), weight(features, units)]) {
  return scan(
    { h: first },
    ({ h }, { now }) => {
      const next = h.matmul(w).add(now.matmul(v)).tanh();
      return { carry: { h: next }, out: { h: next } };
    },
    { xs: { now: inTime(x) } },
  );
}

const origin = () => zeros([n, units], dtype);

const programs: { readonly [name: string]: { passes: number; f: (x: Inputs) => Outputs } } = {
  "an LSTM, its states and the gradients of all weights": {
    passes: 1,
    f: ({ x, y }) => {
      const net = nn.lstm(features, units, { dtype });
      const { output, state } = net.run(x);
      const loss = output.mul(y.unsqueeze(1)).square().sum().add(state.c.sum());
      return { ...trained(loss, x, ...Object.values(net.parameters)), output, h: state.h };
    },
  },
  "carries that no iteration reads: what is left when the loop has ended, and its gradients": {
    passes: 1,
    f: ({ x, y }) => {
      const [w, v] = [weight(units, units), weight(features, units)];
      const { carry } = scan(
        { h: y, last: origin() },
        ({ h }, { now }) => {
          const next = h.matmul(w).add(now.matmul(v)).tanh();
          return { carry: { h: next, last: next.sub(h) } };
        },
        { xs: { now: inTime(x) } },
      );
      return { ...trained(carry.last.square().sum(), w, v, x, y), ...carry };
    },
  },
  "an LSTM under the root of its loss, whose way back is a pass of its own": {
    passes: 2,
    f: ({ x, y }) => {
      const net = nn.lstm(features, units, { dtype });
      const loss = net(x).sub(y.unsqueeze(1)).square().mean().sqrt();
      return trained(loss, x, ...Object.values(net.parameters));
    },
  },
  "two layers of a bidirectional GRU over sequences of several lengths": {
    passes: 1,
    f: ({ x, tokens }) => {
      const net = nn.gru(features, units, { layers: 2, bidirectional: true, dtype });
      const { output } = net.run(x, { lengths: tokens.slice(0, 1, 1).reshape([n]).add(1) });
      return trained(output.square().sum(), x, ...Object.values(net.parameters));
    },
  },
  "a learned state to begin with": {
    passes: 1,
    f: ({ x }) => {
      const first = weight(units);
      return trained(
        elman(x, first.unsqueeze(0).expand([n, units]))
          .carry.h.square()
          .sum(),
        first,
        x,
      );
    },
  },
  "a state of each sample's own, and a mask that does not come with the batch": {
    passes: 1,
    f: ({ x, y }) => {
      const own = weight(n, units);
      const { out } = scan(
        { h: y },
        ({ h }, { now }) => {
          const next = h.matmul(weight(units, units)).add(now.sum(1).unsqueeze(1)).mul(own).sin();
          return { carry: { h: next }, out: { h: next } };
        },
        { xs: { now: inTime(x) }, reverse: true },
      );
      return trained(out.h.square().sum(), own, y);
    },
  },
  "a weight that is no product's, whose gradient a loop carries": {
    passes: 1,
    f: ({ x, y }) => {
      const [scale, w] = [weight(units), weight(units, units)];
      const { carry } = scan(
        { h: y },
        ({ h }, { now }) => {
          return { carry: { h: h.matmul(w).mul(scale).add(now.sum(1).unsqueeze(1)).tanh() } };
        },
        { xs: { now: inTime(x) } },
      );
      return trained(carry.h.square().sum(), scale, w);
    },
  },
  "sums over the batch, carried from a start and stacked: their product's gradient needs both": {
    passes: 2,
    f: ({ x, start }) => {
      const w = weight(features, units);
      const { carry, out } = scan(
        { total: start, t: tensor(0, { dtype }) },
        ({ total, t }, { now }) => {
          const h = now.matmul(w).mul(t.cos()).tanh();
          return {
            carry: { total: total.add(h.square().sum()), t: t.add(0.5) },
            out: { mean: h.mean(0), most: h.max(0) },
          };
        },
        { xs: { now: inTime(x) } },
      );
      return { ...trained(carry.total.mul(out.mean.sum()), w, start), t: carry.t, most: out.most };
    },
  },
  "a sum that an iteration reads, which no block knows": {
    passes: 0,
    f: ({ x, start }) => {
      const w = weight(features, units);
      const { carry } = scan(
        { total: start },
        ({ total }, { now }) => {
          return { carry: { total: total.add(now.matmul(w).mul(total).tanh().sum()) } };
        },
        { xs: { now: inTime(x) } },
      );
      return { total: carry.total };
    },
  },
  "a mean that goes back to every sample": {
    passes: 0,
    f: ({ x, y }) => {
      const w = weight(units, units);
      const { carry } = scan(
        { h: y },
        ({ h }, { now }) => {
          const next = h.matmul(w).add(now.sum(1).unsqueeze(1));
          return { carry: { h: next.sub(next.mean(0)).tanh() } };
        },
        { xs: { now: inTime(x) } },
      );
      return { h: carry.h };
    },
  },
  "a mean that is every sample's next state": {
    passes: 0,
    f: ({ x, y }) => {
      const { carry } = scan(
        { h: y },
        ({ h }, { now }) => ({
          carry: {
            h: h
              .add(now.matmul(weight(features, units)))
              .sin()
              .mean(0)
              .unsqueeze(0)
              .expand([n, units]),
          },
        }),
        { xs: { now: inTime(x) } },
      );
      return { h: carry.h };
    },
  },
  "samples that meet one another": {
    passes: 0,
    f: ({ x, y }) => {
      const { carry } = scan(
        { h: y },
        ({ h }, { now }) => {
          return {
            carry: {
              h: h
                .matmul(h.T)
                .matmul(now.matmul(weight(features, units)))
                .tanh(),
            },
          };
        },
        { xs: { now: inTime(x) } },
      );
      return { h: carry.h };
    },
  },
  "samples that meet in their covariance": {
    passes: 0,
    f: ({ x, y }) => {
      const { carry } = scan(
        { h: y },
        ({ h }, { now }) => {
          const covariance = h.T.matmul(h).mul(1 / n);
          return {
            carry: {
              h: h
                .matmul(covariance)
                .add(now.matmul(weight(features, units)))
                .tanh(),
            },
          };
        },
        { xs: { now: inTime(x) } },
      );
      return { h: carry.h };
    },
  },
  "a sample at which all others look": {
    passes: 0,
    f: ({ x, y }) => {
      const { carry } = scan(
        { h: y },
        ({ h }, { now }) => {
          const first = h.slice(0, 1).expand([n, units]);
          return {
            carry: {
              h: h
                .mul(first)
                .add(now.matmul(weight(features, units)))
                .tanh(),
            },
          };
        },
        { xs: { now: inTime(x) } },
      );
      return { h: carry.h };
    },
  },
  "a state that lies along the batch and across it by turns": {
    passes: 0,
    f: ({ x, y }) => {
      const { carry } = scan(
        { h: y, z: y.matmul(weight(units, n)) },
        ({ h, z }, { now }) => ({
          carry: { h: h.add(now.matmul(weight(features, units))).tanh(), z: z.T.sin() },
        }),
        { xs: { now: inTime(x) } },
      );
      return { h: carry.h, z: carry.z };
    },
  },
  "a sum in an inner loop that does not begin at zero": {
    passes: 0,
    f: ({ x, start }) => {
      const w = weight(features, units);
      const { out } = scan(
        { t: start },
        ({ t }, { now }) => {
          const inner = scan(
            { total: t, k: tensor(1, { dtype }) },
            ({ total, k }) => ({ carry: { total: total.add(now.matmul(w).mul(k).tanh().sum()), k: k.add(1) } }),
            { length: 2 },
          );
          return { carry: { t: t.add(1) }, out: { total: inner.carry.total } };
        },
        { xs: { now: inTime(x) } },
      );
      return { total: out.total };
    },
  },
  "a loop over the samples": {
    passes: 0,
    f: ({ x, y }) => {
      const v = weight(features, units);
      const { out } = scan(
        { h: y.at(0) },
        ({ h }, { now }) => {
          const next = h.add(now.matmul(v).sum(0)).tanh();
          return { carry: { h: next }, out: { h: next } };
        },
        { xs: { now: x } },
      );
      return { h: out.h };
    },
  },
  "a loop in a loop": {
    passes: 1,
    f: ({ x, y }) => {
      const w = weight(units, units);
      const { carry } = scan(
        { h: y },
        ({ h }, { now }) => {
          const inner = scan({ z: h }, ({ z }) => ({ carry: { z: z.matmul(w).sin().add(now.sum(1).unsqueeze(1)) } }), {
            length: 3,
          });
          return { carry: { h: inner.carry.z.add(h) } };
        },
        { xs: { now: inTime(x) } },
      );
      return trained(carry.h.square().sum(), w, y);
    },
  },
  "checkpoints in a loop": {
    passes: 1,
    f: ({ x, y }) => {
      const [w, v] = [weight(units, units), weight(features, units)];
      const cell = checkpoint((h: Tensor, now: Tensor, w: Tensor) =>
        h.matmul(w).tanh().matmul(w).add(now.matmul(v)).sin(),
      );
      const { carry } = scan({ h: y }, ({ h }, { now }) => ({ carry: { h: cell(h, now, w) } }), {
        xs: { now: inTime(x) },
      });
      return trained(carry.h.square().sum(), w, v, x);
    },
  },
  "a neural ODE": {
    passes: 1,
    f: ({ y }) => {
      const [w, v] = [weight(units, 5), weight(5, units)];
      const path = ode.solve((z, t) => z.matmul(w).add(t).tanh().matmul(v), y, [0, 0.2, 0.4, 0.9], {
        method: ode.rk4,
        substeps: 2,
      });
      return { ...trained(path.square().mean(), w, v, y), path };
    },
  },
  "embeddings of tokens": {
    passes: 1,
    f: ({ tokens }) => {
      const table = weight(5, features);
      return { ...trained(elman(table.gather(tokens), origin()).out.h.square().sum(), table) };
    },
  },
  "the way back of a loop that ends when its test says so": {
    passes: 1,
    f: ({ y }) => {
      const w = weight(units, units);
      const { h } = whileLoop(
        { h: y, k: tensor(0, { dtype }) },
        ({ k }) => k.lt(4),
        ({ h, k }) => ({ h: h.matmul(w).tanh(), k: k.add(1) }),
        { limit: 7 },
      );
      return trained(h.mul(y).matmul(weight(units, 2)).square().sum(), w);
    },
  },
};

describe.each(Object.entries(programs))("%s", (_, { passes, f }) => {
  test("has the values that it had", () => expect(passesWithSameValues(f, inputs)).toBe(passes));
});

/** One thing that an iteration does to its state [n, units]; `now` is what comes in, [n, features]. */
type Deed = (h: Tensor, now: Tensor, own: { readonly [name: string]: Tensor }) => Tensor;

const deeds: readonly Deed[] = [
  (h, _, { w }) => h.matmul(w).tanh(),
  (h, now, { v }) => h.add(now.matmul(v)),
  (h, now) => h.mul(now.sum(1).sin().unsqueeze(1)),
  (h, _, { scale }) => h.mul(scale),
  (h, _, { mask }) => h.mul(mask),
  (h, _, { each }) => h.sub(each).cos(),
  (h) => h.sub(h.mean(1).unsqueeze(1)),
  (h) => concat([h.slice(2, 4, 1), h.slice(0, 2, 1).neg()], 1),
  (h) => h.reshape([n, 2, 2]).permute([2, 0, 1]).flip(2).permute([1, 0, 2]).reshape([n, units]),
  (h) => h.gather(tensor([3, 1, 0, 0], { dtype: "int32" }), 1),
  (h, now) => where(now.slice(0, 1, 1).gt(0), h, h.sin()),
  (h, _, { w }) => scan({ z: h }, ({ z }) => ({ carry: { z: z.matmul(w).sin() } }), { length: 2 }).carry.z,
];

const recipes = fc.record({
  deeds: fc.array(fc.nat({ max: deeds.length - 1 }), { minLength: 1, maxLength: 5 }),
  first: fc.constantFrom("zeros", "learned", "given", "each"),
  reverse: fc.boolean(),
  total: fc.boolean(),
  meets: fc.boolean(),
});

test("loops of any kind have the values that they had", () => {
  let followed = 0;
  const property = fc.property(recipes, (recipe) => {
    const passes = passesWithSameValues(({ x, y, start }) => {
      const own = { w: weight(units, units), v: weight(features, units), scale: weight(units), each: weight(n, units) };
      const mask = tensor(
        Array.from(values(n), (u) => [u > 0 ? 1 : 0.5]),
        { dtype },
      );
      const first = { zeros: origin(), learned: own.scale.unsqueeze(0).expand([n, units]), given: y, each: own.each }[
        recipe.first
      ];
      const { carry, out } = scan(
        { h: first, total: start },
        ({ h, total }, { now }) => {
          let next = recipe.deeds.reduce(
            (z, k) => deeds[k](z, now, { ...own, mask }),
            h.matmul(own.w).add(now.matmul(own.v)),
          );
          if (recipe.meets) next = next.sub(next.mean(0));
          return {
            carry: { h: next, total: recipe.total ? total.add(next.square().sum()) : total },
            out: { h: next, sum: next.sum(0) },
          };
        },
        { xs: { now: inTime(x) }, reverse: recipe.reverse },
      );
      const loss = out.h.sin().sum().add(carry.total).add(carry.h.mul(y).sum()).add(out.sum.sin().sum());
      return { ...trained(loss, x, y, start, ...Object.values(own)), sum: out.sum, h: carry.h };
    }, inputs);
    if (passes > 0) followed++;
    else expect(recipe.meets).toBe(true);
  });
  fc.assert(property, { numRuns: 60, seed: 5 });
  expect(followed).toBeGreaterThan(15);
});

test("a training of a recurrent layer takes its 32 samples in two blocks, however the data lie", () => {
  const net = nn.lstm(8, 16);
  const data = (...shape: number[]) =>
    tensor(
      Array.from(values(shape[0]), (u) =>
        Array.from(values(shape[1]), (v) => Array.from(values(shape[2]), (w) => u + v + w)),
      ),
    );
  const loss = nn.mse(net(data(32, 64, 8)), data(32, 64, 16));
  const step = { outputs: { loss }, ...optim.sgd({ learningRate: 0.1 }).minimize(loss) };
  const { graph } = compile(
    ({ count }) => {
      const { outputs, updates } = repeat(step, count);
      return { ...outputs, updates };
    },
    { count: { shape: [], dtype: "int32" } },
  );
  expect(passesOf(inBlocks(beforeBlocks(graph))).map((x) => x.attrs.length)).toEqual([2]);
});
