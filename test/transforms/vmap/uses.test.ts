import {
  checkpoint,
  compile,
  customGradient,
  grad,
  hvp,
  jvp,
  nn,
  ode,
  optim,
  random,
  scan,
  stack,
  type Tensor,
  tensor,
  vmap,
  where,
  whileLoop,
  zeros,
} from "pondus";
import { describe, expect, test } from "vitest";
import { difference } from "../../support/agreement.ts";
import { onEveryBackend } from "../../support/every-backend.ts";

/** What people map over samples: a function, its arguments, and where samples lie in each. */
interface Use {
  readonly f: (...xs: Tensor[]) => Tensor[];
  readonly given: readonly Tensor[];
  readonly axes: readonly (number | null)[];
  /** 0: to the last bit. */
  readonly allowed: number;
}

const f64 = (list: number | number[] | number[][]) => tensor(list, { dtype: "float64" });
const int = (list: number | number[]) => tensor(list, { dtype: "int32" });
const drawn = (seed: number, shape: number[], dtype: "float32" | "float64" = "float64") =>
  random.normal(random.key(seed), shape, dtype);
const keys = stack(random.split(random.key(7), 3));
const use = (f: Use["f"], given: Use["given"], axes = given.map((): number | null => 0), allowed = 1e-12): Use => {
  return { f, given, axes, allowed };
};

const draws: { readonly [name: string]: Use } = Object.fromEntries(
  Object.entries<Use["f"]>({
    normal: (k) => [random.normal(k, [5]), random.normal(k, [2, 2], "float64")],
    gamma: (k, a) => [random.gamma(k, [4], a), random.beta(k, [3], 0.5, 2)],
    permutation: (k) => [random.permutation(k, 6), random.choice(k, 9, [3], { replace: false })],
    "keys from keys": (k, a) => {
      const [one, two] = random.split(random.foldIn(k, a.mul(3).cast("int32")));
      return [random.integers(one, [4], 10), random.exponential(two, [3]), random.categorical(one, a.expand([5]))];
    },
    dropout: (k, a) => [nn.training(k, () => nn.dropout(0.5)(a.expand([8]))).value],
  }).map(([name, f]) => [name, use(f, [keys, f64([0.5, 2, 7])], [0, 0], 0)]),
);

/** A layer's values, its gradients with respect to input and knobs of each sample, and a second derivative. */
function ofLayer(net: nn.Layer, shape: number[]): Use {
  nn.initialize(net, 1);
  const f = (x: Tensor) => {
    const y = nn.evaluation(() => net(x));
    const total = y.sin().sum();
    const knobs = Object.values(nn.knobsOf(net));
    return [y, ...(grad(total, [x, ...knobs]) as Tensor[]), hvp(total, x, x.cos())];
  };
  return use(f, [drawn(5, [3, ...shape], "float32")], [0], 2e-4);
}

function constrained(): nn.Layer {
  const [a, b] = [nn.dense(4, 4), nn.dense(4, 4)];
  nn.bound(a.parameters.weight as Tensor, [-3, 3]);
  nn.tie(b.parameters.weight as Tensor, nn.symmetric);
  nn.freeze(b.parameters.bias as Tensor, [[0]]);
  return nn.sequential(a, nn.tanh, b, nn.tanh, a);
}

const layers: { readonly [name: string]: () => Use } = {
  dense: () => ofLayer(nn.sequential(nn.dense(4, 8), nn.tanh, nn.layerNorm(8), nn.dense(8, 2)), [5, 4]),
  "constrained and tied": () => ofLayer(constrained(), [4]),
  convolution: () =>
    ofLayer(
      nn.sequential(
        nn.conv2d(2, 3, 3, { padding: 1 }),
        nn.relu,
        nn.maxPool2d(2),
        nn.batchNorm(3),
        nn.flatten,
        nn.dense(12, 2),
      ),
      [1, 4, 4, 2],
    ),
  "strided convolution": () =>
    ofLayer(nn.sequential(nn.conv1d(2, 3, 3, { stride: 2 }), nn.tanh, nn.groupNorm(3, 3)), [2, 9, 2]),
  "transposed convolution": () => ofLayer(nn.convTranspose2d(2, 3, 3, { stride: 2 }), [1, 3, 3, 2]),
  lstm: () => ofLayer(nn.lstm(3, 4), [2, 5, 3]),
  gru: () => ofLayer(nn.gru(3, 4), [2, 5, 3]),
  attention: () => ofLayer(nn.attention(4, 2), [5, 4]),
  checkpoint: () => ofLayer(nn.checkpoint(nn.sequential(nn.dense(4, 8), nn.tanh, nn.dense(8, 2))), [4]),
};

const [x, y] = [drawn(1, [8, 2]), drawn(2, [8])];
const lossOf = (a: Tensor, b: Tensor) => x.matmul(a).tanh().matmul(b).sub(y).square().mean();
const swing = (k: Tensor) => (s: Tensor, t: Tensor) => stack([s.at(1), s.at(0).neg().mul(k)]).add(t.sin());
const starts = f64([
  [1, 0.5],
  [0.2, 2],
  [3, -1],
]);

/** A path and its gradient with respect to the start and the rate's number. */
const path = (options: ode.SolveOptions): Use =>
  use(
    (s, k) => {
      const p = ode.solve(swing(k), s, [0, 0.5, 1.3], options);
      return [p, ...(grad(p.square().sum(), [s, k]) as Tensor[])];
    },
    [starts, f64([0.5, 2, 30])],
    [0, 0],
    1e-9,
  );

const programs: { readonly [name: string]: Use } = {
  "an ensemble's training, with momentum, and its derivative": use(
    (a, b) => {
      const { carry, out } = scan(
        { a, b, m: zeros([2, 4], "float64") },
        ({ a, b, m }) => {
          const loss = lossOf(a, b);
          const [da, db] = grad(loss, [a, b]) as Tensor[];
          const moved = m.mul(0.9).add(da);
          return { carry: { a: a.sub(moved.mul(0.05)), b: b.sub(db.mul(0.05)), m: moved }, out: { loss } };
        },
        { length: 20 },
      );
      return [carry.a, out.loss, grad(out.loss.sum(), a)];
    },
    [drawn(3, [3, 2, 4]), drawn(4, [3, 4])],
  ),
  "trainings that stop early, each on its own": use(
    (a, b, goal) => {
      const last = whileLoop(
        { a, b, n: int(0) },
        ({ a, b }) => lossOf(a, b).gt(goal),
        ({ a, b, n }) => {
          const [da, db] = grad(lossOf(a, b), [a, b]) as Tensor[];
          return { a: a.sub(da.mul(0.1)), b: b.sub(db.mul(0.1)), n: n.add(1) };
        },
        { limit: 20 },
      );
      return [last.a, last.n];
    },
    [drawn(3, [3, 2, 4]), drawn(4, [3, 4]), f64([0.9, 0.5, 2])],
  ),
  "Collatz, of whole numbers and bools": use(
    (n) => {
      const last = whileLoop(
        { n, steps: int(0), odd: tensor(true) },
        ({ n }) => n.gt(1),
        ({ n, steps, odd }) => ({
          n: where(n.mod(2).eq(0), n.shiftRight(1), n.mul(3).add(1)),
          steps: steps.add(1),
          odd: odd.xor(n.mod(2).eq(1)),
        }),
      );
      return [last.steps, last.odd];
    },
    [int([1, 7, 27, 6, 97])],
    [0],
    0,
  ),
  "a loop without a limit, by forward mode": use(
    (a) => {
      const last = whileLoop(
        { a },
        ({ a }) => a.gt(1),
        ({ a }) => ({ a: a.sqrt().mul(0.9) }),
      );
      return [jvp(last.a, a, f64(1))];
    },
    [f64([0.5, 7, 100])],
  ),
  "maps in maps, and a derivative of a derivative of one": use(
    (a, w) => {
      const f = (a: Tensor) => vmap((r: Tensor) => r.mul(a).sin().prod())(w).sum();
      const deep = vmap((p: Tensor) => vmap((q: Tensor) => q.mul(p.sum()).cumsum(), { in: -1, out: 1 })(w), {
        out: -1,
      });
      return [jvp(grad(f(a), a) as Tensor, a, a.cos()), deep(w.mul(a))];
    },
    [drawn(3, [3, 4]), drawn(4, [5, 4])],
    [0, null],
  ),
  "checkpoints within and around maps": use(
    (a, w) => {
      const f = checkpoint((a: Tensor) => vmap(checkpoint((r: Tensor) => r.mul(a).sin().sum()))(w));
      return [f(a), ...(grad(f(a).sum(), [a, w]) as Tensor[]), hvp(f(a).sum(), a, a.cos())];
    },
    [drawn(3, [3, 4]), drawn(4, [5, 4])],
    [0, null],
  ),
  "a rule of one's own, of what is shared too": use(
    (a, w) => {
      const f = customGradient(a.mul(w).sin(), [a, w], (ct, [a, w]) => [ct.mul(w).clip(-0.1, 0.1), ct.mul(a).mul(3)]);
      return [f, ...(grad(f.sum(), [a, w]) as Tensor[]), grad(grad(f.sum(), a).sum(), w)];
    },
    [drawn(3, [3, 4]), drawn(4, [4])],
    [0, null],
  ),
  "one tensor given twice": use((a, b) => [a.mul(b).add(a)], [x, x]),
  "paths, explicit": path({}),
  "paths, implicit": path({ method: ode.rodas4 }),
  "paths, backwards": path({ adjoint: ode.backsolve() }),
};

type Uses = { readonly [name: string]: Use };
const named = (name: string, list: readonly Tensor[]) => Object.fromEntries(list.map((x, k) => [`${name}, ${k}`, x]));

/** All samples at once. */
const together = (uses: Uses): { [name: string]: Tensor } =>
  Object.assign(
    {},
    ...Object.entries(uses).map(([name, { f, given, axes }]) => named(name, vmap(f, { in: axes })(...given))),
  );

/** One after another. */
const apart = (uses: Uses): { [name: string]: Tensor } =>
  Object.assign(
    {},
    ...Object.entries(uses).map(([name, { f, given, axes }]) => {
      const count = given[axes.indexOf(0)].shape[0];
      const each = Array.from({ length: count }, (_, i) => f(...given.map((x, k) => (axes[k] === null ? x : x.at(i)))));
      return named(
        name,
        each[0].map((_, k) => stack(each.map((list) => list[k]))),
      );
    }),
  );

const groups: readonly (readonly [string, Uses])[] = [
  ["random numbers from each sample's key, to the last bit", draws],
  ["layers", Object.fromEntries(Object.entries(layers).map(([name, make]) => [name, make()]))],
  ["programs", programs],
];

/** By the reference, once for all backends. */
const truths = new Map(
  groups.map(([, uses]) => [uses, once(() => compile(() => apart(uses), {}, { backend: "reference" }).run())]),
);

function once<T>(f: () => T): () => T {
  let known: T | undefined;
  return () => {
    known ??= f();
    return known;
  };
}

onEveryBackend((backend) => {
  test.each(groups)("%s", async (_, uses) => {
    const truth = await truths.get(uses)?.();
    const results = await compile(() => together(uses), {}, { backend }).run();
    const wrong = Object.entries(results).flatMap(([key, array]) => {
      const why = difference(array, (truth as typeof results)[key].data, uses[key.replace(/, \d+$/, "")].allowed);
      return why ? `${key}: ${why}` : [];
    });
    expect(wrong).toEqual([]);
  });
});

describe("a solver that gave up for some samples", () => {
  test("says for which", async () => {
    const net = nn.dense(1, 1, { dtype: "float64" });
    nn.initialize(net, 0);
    const last = (s: Tensor) => ode.solve((s) => s.square().add(net(s).mul(0)), s, [0, 0.8]);
    const loss = vmap(last)(f64([[1], [2], [0.5]]))
      .square()
      .mean();
    const fit = optim.fit({ loss, optimizer: optim.adam({ learningRate: 1e-3 }), steps: 2 });
    await expect(fit).rejects.toThrow(
      /ode\.solve gave up for 1 of 3 trajectories \(first number 1\): no step from t = 0\.5/,
    );
  });
});
