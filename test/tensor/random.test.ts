import { readFileSync } from "node:fs";
import {
  compile,
  grad,
  type NumberArray,
  nn,
  type Outputs,
  ones,
  optim,
  parameter,
  parameterOf,
  random,
  scan,
  stack,
  type Tensor,
  tensor,
} from "pondus";
import { describe, expect, test } from "vitest";
import type { Parameter } from "../../src/graph/parameter.ts";
import { Stream, type Use, uses } from "../../src/graph/random/stream.ts";
import { threefry } from "../../src/graph/random/threefry.ts";
import { onEveryBackend } from "../support/every-backend.ts";
import { correlation, distance, mean, moment } from "../support/samples.ts";

interface Block {
  readonly counter: [number, number];
  readonly key: [number, number];
  readonly result: [number, number];
}
const fixture: { known: Block[]; blocks: Block[] } = JSON.parse(
  readFileSync(new URL("../fixtures/random.json", import.meta.url), "utf8"),
);
const unsigned = (words: ArrayLike<number>) => Array.from(words, (w) => w >>> 0);

/** Seeds are fixed, so that these bounds, five standard deviations wide, hold in every run or in none. */
function expectUniform(x: readonly number[]): void {
  const n = x.length;
  expect(x.every((v) => v >= 0 && v < 1)).toBe(true);
  expect(Math.abs(mean(x) - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
  expect(Math.abs(moment(x, 2) - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n));
  expect(distance(x, (v) => v)).toBeLessThan(1.95);
  expect(Math.abs(correlation(x.slice(1), x.slice(0, -1)))).toBeLessThan(5 / Math.sqrt(n));
}

function expectNormal(x: readonly number[]): void {
  const n = x.length;
  expect(Math.abs(mean(x))).toBeLessThan(5 / Math.sqrt(n));
  expect(Math.abs(moment(x, 2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  expect(Math.abs(moment(x, 3))).toBeLessThan(5 * Math.sqrt(15 / n));
  expect(Math.abs(moment(x, 4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
  // Within one, two and three standard deviations.
  for (const [k, share] of [
    [1, 0.682689],
    [2, 0.9545],
    [3, 0.9973],
  ]) {
    const inside = x.filter((v) => Math.abs(v) < k).length / n;
    expect(Math.abs(inside - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / n));
  }
}

describe("threefry", () => {
  test.each([...fixture.known, ...fixture.blocks])("key $key, counter $counter", ({ key, counter, result }) => {
    expect(unsigned([...threefry(key, ...counter)])).toEqual(result);
  });
});

describe("Stream", () => {
  test("the same seed, use and index give the same numbers, others do not", () => {
    const first = (seed: number | bigint, use: Use = "initialize", index?: number) =>
      new Stream(seed, use, index).uniform();
    expect(first(7, "holdOut", 3)).toBe(first(7, "holdOut", 3));
    expect(first(7)).toBe(first(7n));
    const all = [
      ...Object.keys(uses).map((use) => first(7, use as Use)),
      ...[8, 2 ** 31, 2 ** 32 - 1, 7 + 2 ** 32, 2 ** 53, 7n + 2n ** 63n, 2n ** 64n - 1n, 0].map((seed) => first(seed)),
      first(7, "initialize", 1),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test("uniform and normal numbers are distributed as they should be", () => {
    const s = new Stream(1, "initialize");
    expectUniform(Array.from({ length: 20_000 }, () => s.uniform()));
    expectNormal(Array.from({ length: 20_000 }, () => s.normal()));
  });

  test("streams of neighbouring seeds, indices and uses are independent", () => {
    const draw = (seed: number, index: number, use: Use = "initialize") => {
      const s = new Stream(seed, use, index);
      return Array.from({ length: 5000 }, () => s.uniform());
    };
    for (const other of [draw(2, 0), draw(1, 1), draw(1, 0, "holdOut")]) {
      expect(Math.abs(correlation(draw(1, 0), other))).toBeLessThan(5 / Math.sqrt(5000));
    }
  });

  test("below(n) takes every whole number under n equally often", () => {
    const s = new Stream(3, "initialize");
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 7000; i++) counts[s.below(7)]++;
    for (const c of counts) expect(Math.abs(c - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });
});

describe("one seed", () => {
  test("what is held out says nothing about the first weights, nor about a key", () => {
    const rows = Array.from({ length: 1000 }, (_, i) => i);
    const seeds = Array.from({ length: 200 }, (_, seed) => seed);
    // The first row that is drawn, as holdOut draws it, is the largest of one.
    const held = seeds.map((seed) => optim.holdOut(rows, { fraction: 1 / 1000, seed }).validation[0] / 1000);
    const weights = seeds.map((seed) => {
      const w = parameter([1], nn.init.uniform(0, 1), { dtype: "float64" });
      nn.initialize({ w }, seed);
      return (parameterOf(w) as Parameter).read()[0];
    });
    // The first number that `random.key(seed)` gives.
    const keys = seeds.map((seed) => (threefry([seed, 0], 0, 0)[0] >>> 0) / 2 ** 32);
    for (const [a, b] of [
      [held, weights],
      [held, keys],
      [weights, keys],
    ]) {
      expect(Math.abs(correlation(a, b))).toBeLessThan(4 / Math.sqrt(seeds.length));
    }
  });

  test.each([
    ["the key of the loss", (key: Tensor) => key],
    ["a key folded from that", (key: Tensor) => random.foldIn(key, 0)],
    ["the seed's own key", () => random.key(5)],
    ["a key folded from the seed's by the step", (_: Tensor, step: Tensor) => random.foldIn(random.key(5), step)],
  ])("dropout keeps what it keeps whatever is drawn from %s", async (_, keyOf) => {
    const n = 4096;
    const w = parameter([], 1);
    const layer = nn.dropout(0.5);
    const { loss } = await optim.fit({
      loss: ({ key, step }) => {
        const kept = layer(ones([n])).gt(0);
        const mine = random.uniform(keyOf(key, step), [n]).ge(0.5);
        return w.mul(kept.xor(mine).cast("float32").mean());
      },
      optimizer: optim.sgd({ learningRate: 0 }),
      steps: 1,
      seed: 5,
      backend: "reference",
    });
    expect(Math.abs(loss - 0.5)).toBeLessThan(2.5 / Math.sqrt(n));
  });
});

describe("seeds and numbers that are folded in", () => {
  const refused = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53 + 2, -1n, 2n ** 64n];

  test.each(refused)("%s is refused", (value) => {
    for (const ask of [
      () => random.key(value),
      () => random.foldIn(random.key(0), value),
      () => new Stream(value, "initialize"),
    ]) {
      expect(ask).toThrow(expect.objectContaining({ code: "random.seed" }));
    }
  });

  test("all 64 bits count", async () => {
    const values = [
      0,
      1,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 32 + 1,
      2 ** 53,
      2n ** 63n,
      2n ** 63n + 1n,
      2n ** 64n - 1n,
    ];
    const one = (value: number | bigint) => [random.key(value), random.foldIn(random.key(3), value)];
    const { keys } = await compile(() => ({ keys: stack(values.flatMap(one)) }), {}, { backend: "reference" }).run();
    expect(new Set((keys.toList() as number[][]).map((k) => k.join())).size).toBe(2 * values.length);
  });

  test("a number, the same bigint and the same int32 give one key", async () => {
    const k = random.key(9);
    const keys = [7, 7n, tensor(7, { dtype: "int32" })].map((data) => random.foldIn(k, data));
    const { a } = await compile(() => ({ a: stack(keys) }), {}, { backend: "reference" }).run();
    const [first, ...others] = a.toList() as number[][];
    expect(others).toEqual([first, first]);
  });

  test("what is no key, and what is no number to fold in, is refused", () => {
    const wrong = [tensor([1, 2]), tensor([1, 2, 3], { dtype: "int32" }), tensor([[1, 2]], { dtype: "int32" })];
    for (const k of wrong) {
      expect(() => random.uniform(k, [3])).toThrow(expect.objectContaining({ code: "random.key" }));
      expect(() => random.foldIn(random.key(0), k)).toThrow(expect.objectContaining({ code: "random.option" }));
    }
    expect(() => random.uniform(random.key(0), [3], "int32")).toThrow(
      expect.objectContaining({ code: "random.option" }),
    );
    expect(() => random.integers(random.key(0), [3], 0.5)).toThrow(expect.objectContaining({ code: "random.option" }));
    expect(() => random.bernoulli(random.key(0), [3], 1.5)).toThrow(expect.objectContaining({ code: "random.option" }));
    expect(() => random.split(random.key(0), 0)).toThrow(expect.objectContaining({ code: "random.option" }));
  });
});

const seeds = [
  [0, 0],
  [3, 2 ** 8],
] as const;

const known = new Map<readonly number[], Promise<Record<string, NumberArray>>>();

/** What the reference backend draws. */
function onReference(k: readonly [number, number]): Promise<Record<string, NumberArray>> {
  const asked =
    known.get(k) ??
    compile(({ k }) => draws(k), { k: { shape: [2], dtype: "int32" } }, { backend: "reference" }).run({ k });
  known.set(k, asked);
  return asked;
}

/** Some of everything that is drawn. */
function draws(k: Tensor): Record<string, Tensor> {
  const keys = random.split(random.foldIn(k, 9), 8);
  const perType = (["float32", "float64"] as const).flatMap((dtype): [string, Tensor][] => [
    [`uniform ${dtype}`, random.uniform(keys[0], [33], dtype)],
    [`normal ${dtype}`, random.normal(keys[1], [101, 53], dtype)],
    [`exponential ${dtype}`, random.exponential(keys[2], [3001], dtype)],
    [`gumbel ${dtype}`, random.gumbel(keys[3], [3001], dtype)],
    [`gamma ${dtype}`, random.gamma(keys[4], [5, 60], tensor([[0.01], [0.4], [1], [7.5], [300]], { dtype }))],
    [`beta ${dtype}`, random.beta(keys[5], [301], 0.02, 3, dtype)],
  ]);
  return {
    keys: stack(keys),
    bits: random.bits(keys[6], [5, 7]),
    dice: random.integers(keys[6], [33], 1000),
    order: random.permutation(keys[6], 33),
    coin: random.bernoulli(keys[6], [33], 0.5),
    category: random.categorical(keys[7], tensor([0, 1, 2]).expand([500, 3])),
    ...Object.fromEntries(perType),
  };
}

onEveryBackend((backend) => {
  const run = async <O extends Outputs>(f: () => O) => compile(f, {}, { backend }).run();

  test("bits are the published blocks, and so are folded keys", async () => {
    for (const key of new Set(fixture.blocks.map((b) => b.key.join()))) {
      const block = (counter: string) =>
        fixture.blocks.find((b) => b.key.join() === key && b.counter.join() === counter)?.result ?? [];
      const words = key.split(",").map((w) => Number(w) | 0);
      const program = compile(
        ({ k }) => ({ bits: random.bits(k, [2, 2]), odd: random.bits(k, [3]), folded: random.foldIn(k, 0) }),
        { k: { shape: [2], dtype: "int32" } },
        { backend },
      );
      const { bits, odd, folded } = await program.run({ k: words });
      expect(unsigned(bits.data)).toEqual([...block("0,0"), ...block("1,0")]);
      expect(unsigned(odd.data)).toEqual([...block("0,0"), ...block("1,0")].slice(0, 3));
      expect(unsigned(folded.data)).toEqual(block("0,1"));
    }
  });

  test.each(["float32", "float64"] as const)("uniform and normal numbers, %s", async (dtype) => {
    const k = random.key(11);
    const { u, z } = await run(() => ({
      u: random.uniform(k, [20_000], dtype),
      z: random.normal(k, [100, 200], dtype),
    }));
    expectUniform([...u.data]);
    expectNormal([...z.data]);
  });

  test("whole numbers and chances", async () => {
    const { dice, coin } = await run(() => ({
      dice: random.integers(random.key(5), [6000], 6),
      coin: random.bernoulli(random.key(6), [10_000], 0.3),
    }));
    expect(coin.dtype).toBe("bool");
    for (let face = 0; face < 6; face++) {
      expect(Math.abs(dice.data.filter((d) => d === face).length - 1000)).toBeLessThan(5 * Math.sqrt(1000));
    }
    expect(Math.abs(mean([...coin.data]) - 0.3)).toBeLessThan(5 * Math.sqrt(0.21 / 10_000));
  });

  test("the same numbers as on the reference, bit for bit", async () => {
    const program = compile(({ k }) => draws(k), { k: { shape: [2], dtype: "int32" } }, { backend });
    for (const k of seeds) {
      const got = await program.run({ k });
      const wanted = await onReference(k);
      for (const name of Object.keys(wanted)) {
        const differ = [...got[name].data].filter((v, i) => !Object.is(v, wanted[name].data[i]));
        expect(differ.length, `${name}, key ${k}`).toBe(0);
      }
    }
  });

  test("split keys, the key itself, and keys folded from it draw independent numbers", async () => {
    const n = 5000;
    const k = random.key(4);
    const keys = [k, ...random.split(k, 3), ...[0, 1, 2].map((i) => random.foldIn(k, i))];
    const { u } = await run(() => ({ u: stack(keys.map((key) => random.uniform(key, [n]))) }));
    const drawn = u.toList() as number[][];
    drawn.forEach((x, i) => {
      for (const y of drawn.slice(0, i)) expect(Math.abs(correlation(x, y))).toBeLessThan(5 / Math.sqrt(n));
    });
  });

  test("neighbouring keys and steps are independent", async () => {
    const n = 5000;
    const { a, b, c } = await run(() => ({
      a: random.uniform(random.key(1), [n]),
      b: random.uniform(random.key(2), [n]),
      c: random.uniform(random.foldIn(random.key(1), 1), [n]),
    }));
    expect(Math.abs(correlation([...a.data], [...b.data]))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(correlation([...a.data], [...c.data]))).toBeLessThan(5 / Math.sqrt(n));
  });
});

test("the gradient of a loop that draws in every turn: dropout on a state, against the same steps written out", async () => {
  const w = parameter([3, 3], () => (i) => Math.sin(i), { dtype: "float64" });
  const key = random.key(3);
  const step = (h: Tensor, turn: Tensor) => {
    const kept = random.bernoulli(random.foldIn(key, turn), [4, 3], 0.8).cast("float64");
    return h.matmul(w).tanh().mul(kept);
  };
  const start = tensor([0.3, -0.5, 0.7], { dtype: "float64" }).expand([4, 3]);
  const turn = (k: number) => tensor(k, { dtype: "int32" });
  const looped = scan({ h: start, k: turn(0) }, ({ h, k }) => ({ carry: { h: step(h, k), k: k.add(1) } }), {
    length: 3,
  });
  const written = [0, 1, 2].reduce((h, k) => step(h, turn(k)), start);
  const [a, b] = [looped.carry.h, written].map((h) => h.square().sum());
  const r = await compile(() => ({ a, b, ga: grad(a, w), gb: grad(b, w) })).run();
  expect(r.a.item()).toBeCloseTo(r.b.item(), 12);
  r.ga.data.forEach((g, i) => expect(g).toBeCloseTo(r.gb.data[i], 12));
});
