import { readFileSync } from "node:fs";
import { compile, grad, type Outputs, parameter, random, scan, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { Stream, threefry } from "../src/graph/threefry.ts";
import { onEveryBackend } from "./every-backend.ts";

interface Block {
  readonly counter: [number, number];
  readonly key: [number, number];
  readonly result: [number, number];
}
const fixture: { known: Block[]; blocks: Block[] } = JSON.parse(
  readFileSync(new URL("fixtures/random.json", import.meta.url), "utf8"),
);
const unsigned = (words: ArrayLike<number>) => Array.from(words, (w) => w >>> 0);

const mean = (x: readonly number[]) => x.reduce((s, v) => s + v, 0) / x.length;
const product = (x: readonly number[], y: readonly number[]) => mean(x.map((v, i) => v * y[i]));
const centred = (x: readonly number[]) => {
  const m = mean(x);
  return x.map((v) => v - m);
};
const moment = (x: readonly number[], n: number) => mean(centred(x).map((v) => v ** n));
const correlation = (x: readonly number[], y: readonly number[]) =>
  product(centred(x), centred(y)) / Math.sqrt(moment(x, 2) * moment(y, 2));

/** Kolmogorov and Smirnov's sqrt(n) D; above 1.95 in one of a thousand honest samples. */
function distance(samples: readonly number[], cumulative: (x: number) => number): number {
  const n = samples.length;
  const sorted = [...samples].sort((a, b) => a - b);
  const gaps = sorted.map((x, i) => Math.max((i + 1) / n - cumulative(x), cumulative(x) - i / n));
  return Math.sqrt(n) * Math.max(...gaps);
}

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
  test("the same seed and index give the same numbers, others do not", () => {
    const first = (seed: number, index?: number) => new Stream(seed, index).uniform();
    expect(first(7, 3)).toBe(first(7, 3));
    const all = [first(7), first(8), first(7, 1), first(-7), first(7 + 2 ** 32), first(0)];
    expect(new Set(all).size).toBe(all.length);
  });

  test("uniform and normal numbers are distributed as they should be", () => {
    const s = new Stream(1);
    expectUniform(Array.from({ length: 20_000 }, () => s.uniform()));
    expectNormal(Array.from({ length: 20_000 }, () => s.normal()));
  });

  test("streams of neighbouring seeds and indices are independent", () => {
    const draw = (seed: number, index: number) => {
      const s = new Stream(seed, index);
      return Array.from({ length: 5000 }, () => s.uniform());
    };
    expect(Math.abs(correlation(draw(1, 0), draw(2, 0)))).toBeLessThan(5 / Math.sqrt(5000));
    expect(Math.abs(correlation(draw(1, 0), draw(1, 1)))).toBeLessThan(5 / Math.sqrt(5000));
  });

  test("below(n) takes every whole number under n equally often", () => {
    const s = new Stream(3);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 7000; i++) counts[s.below(7)]++;
    for (const c of counts) expect(Math.abs(c - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });
});

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
    const f = () => {
      const k = random.foldIn(random.key(2 ** 40 + 3), 9);
      return {
        k,
        bits: random.bits(k, [5, 7]),
        f32: random.uniform(k, [33]),
        f64: random.uniform(k, [33], "float64"),
        dice: random.integers(k, [33], 1000),
        coin: random.bernoulli(k, [33], 0.5),
      };
    };
    const [got, wanted] = [await run(f), await compile(f, {}, { backend: "reference" }).run()];
    for (const name of Object.keys(wanted) as (keyof typeof wanted)[]) {
      expect([...got[name].data], name).toEqual([...wanted[name].data]);
    }
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
