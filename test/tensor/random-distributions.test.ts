import { readFileSync } from "node:fs";
import { compile, grad, jvp, type NumberArray, random, stack, type Tensor, tensor } from "pondus";
import { beforeAll, describe, expect, test } from "vitest";
import { chiSquareDeviate, correlation, expectDistribution, type Known, mean } from "../support/samples.ts";

const { distributions }: { distributions: Record<string, Known> } = JSON.parse(
  readFileSync(new URL("../fixtures/distributions.json", import.meta.url), "utf8"),
);

const n = 20_000;
const dtypes = ["float32", "float64"] as const;

/** The parameters in the names of a kind, such as [[0.4, 0.6], [2, 5]] in "beta(0.4, 0.6)" and "beta(2, 5)". */
function parametersOf(kind: string): number[][] {
  const named = Object.keys(distributions).filter((name) => name.startsWith(kind));
  return named.map((name) =>
    name
      .slice(kind.length + 1, -1)
      .split(", ")
      .map(Number),
  );
}

/** One row for each distribution of the fixture; every backend draws the same (random.test.ts), so one is asked. */
function rows(k: Tensor, dtype: (typeof dtypes)[number]): Record<string, Tensor> {
  const keys = random.split(k, 5);
  const column = (values: readonly number[]) => tensor(values, { dtype }).unsqueeze(1);
  const [gammas, betas] = ["gamma", "beta"].map(parametersOf);
  const [a, b] = [0, 1].map((i) => column(betas.map((p) => p[i])));
  const gamma = random.gamma(keys[0], [gammas.length, n], column(gammas.map(([alpha]) => alpha)));
  const beta = random.beta(keys[1], [betas.length, n], a, b);
  return {
    normal: random.normal(keys[2], [n], dtype),
    exponential: random.exponential(keys[3], [n], dtype),
    gumbel: random.gumbel(keys[4], [n], dtype),
    ...Object.fromEntries(gammas.map(([alpha], i) => [`gamma(${alpha})`, gamma.at(i)])),
    ...Object.fromEntries(betas.map((p, i) => [`beta(${p.join(", ")})`, beta.at(i)])),
  };
}

describe.each(dtypes)("%s", (dtype) => {
  const drawn: Record<string, NumberArray>[] = [];

  beforeAll(async () => {
    const program = compile(({ k }) => rows(k, dtype), { k: { shape: [2], dtype: "int32" } }, { backend: "wasm" });
    for (let seed = 0; seed < 3; seed++) drawn.push(await program.run({ k: [seed, 0] }));
  }, 60_000);

  test.each(Object.keys(distributions))("mean, variance and quantiles of %s are SciPy's", (name) => {
    expect(drawn.length).toBe(3);
    for (const { [name]: x } of drawn) {
      expect(x.dtype).toBe(dtype);
      expectDistribution([...x.data], distributions[name]);
    }
  });
});

const run = <O extends Record<string, Tensor>>(f: () => O) => compile(f, {}, { backend: "wasm" }).run();

test("categorical draws each place with its softmax's chance, along either axis, and never where that is 0", async () => {
  const chances = [0.5, 0.2, 0, 0.25, 0.05];
  const logits = tensor(chances.map((p) => Math.log(p) + 7));
  const { rows, columns } = await run(() => ({
    rows: random.categorical(random.key(1), logits.expand([n, 5])),
    columns: random.categorical(random.key(2), logits.unsqueeze(1).expand([5, n]), 0),
  }));
  for (const { data, shape, dtype } of [rows, columns]) {
    expect([shape, dtype]).toEqual([[n], "int32"]);
    const counts = chances.map((_, i) => data.filter((x) => x === i).length);
    expect(counts[2]).toBe(0);
    const possible = [0, 1, 3, 4];
    const deviate = chiSquareDeviate(
      possible.map((i) => counts[i]),
      possible.map((i) => n * chances[i]),
    );
    expect(Math.abs(deviate)).toBeLessThan(4);
  }
});

test("bernoulli takes a chance for each number", async () => {
  const chances = [0, 0.1, 0.7, 1];
  const { x } = await run(() => ({
    x: random.bernoulli(random.key(3), [4, n], tensor(chances).unsqueeze(1)).cast("float32").mean(1),
  }));
  chances.forEach((p, i) => expect(Math.abs(x.data[i] - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / n)));
});

test("whole numbers below 2^31 take all 31 bits; below 3 * 2^29 none is likelier than another", async () => {
  const { wide, narrow } = await run(() => ({
    wide: random.integers(random.key(4), [n], 2 ** 31),
    narrow: random.integers(random.key(5), [n], 3 * 2 ** 29),
  }));
  let seen = 0;
  for (const x of wide.data) seen |= x;
  expect(seen).toBe(2 ** 31 - 1);
  // From 31 random bits every third number would come twice as often: more of them in the thirds' remainders.
  const counts = [0, 1, 2].map((r) => narrow.data.filter((x) => x % 3 === r).length);
  expect(Math.abs(chiSquareDeviate(counts, [n / 3, n / 3, n / 3]))).toBeLessThan(4);
});

describe("permutation and choice", () => {
  const keys = (count: number) => random.split(random.key(8), count);
  const orders = (rows: readonly (readonly number[])[], of: number) => {
    const counts = new Map<string, number>();
    for (const row of rows) counts.set(row.join(), (counts.get(row.join()) ?? 0) + 1);
    expect(counts.size).toBe(of);
    return [...counts.values()];
  };

  test("each of the 24 orders of four is as likely as any other", async () => {
    const draws = 2400;
    const program = compile(
      ({ k }) => ({ order: stack(random.split(k, 24).map((key) => random.permutation(key, 4))) }),
      { k: { shape: [2], dtype: "int32" } },
      { backend: "wasm" },
    );
    const rows: number[][] = [];
    for (let seed = 0; rows.length < draws; seed++) {
      rows.push(...((await program.run({ k: [seed, 0] })).order.toList() as number[][]));
    }
    const counts = orders(rows, 24);
    const expected = counts.map(() => rows.length / 24);
    expect(Math.abs(chiSquareDeviate(counts, expected))).toBeLessThan(4);
  });

  test("every number comes once, wherever it comes; slices of a tensor are moved whole", async () => {
    const [k] = keys(1);
    const table = tensor([
      [0, 1, 2],
      [10, 11, 12],
      [20, 21, 22],
      [30, 31, 32],
    ]);
    const { all, rows, columns, none } = await run(() => ({
      all: random.permutation(k, 1000),
      rows: random.permutation(k, table),
      columns: random.permutation(k, table, 1),
      none: random.permutation(k, 0),
    }));
    expect([...all.data].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(
      Math.abs(
        correlation(
          [...all.data],
          Array.from(all.data, (_, i) => i),
        ),
      ),
    ).toBeLessThan(5 / Math.sqrt(1000));
    const sorted = (lists: number[][]) => lists.toSorted((a, b) => a[0] - b[0]);
    expect(sorted(rows.toList() as number[][])).toEqual([
      [0, 1, 2],
      [10, 11, 12],
      [20, 21, 22],
      [30, 31, 32],
    ]);
    const list = columns.toList() as number[][];
    expect(sorted([0, 1, 2].map((j) => list.map((row) => row[j])))).toEqual([
      [0, 10, 20, 30],
      [1, 11, 21, 31],
      [2, 12, 22, 32],
    ]);
    expect(none.shape).toEqual([0]);
  });

  test("choice draws each as often as any other, without replacement each at most once", async () => {
    const [a, b, c] = keys(3);
    const letters = tensor([5, 6, 7]);
    const r = await run(() => ({
      numbers: random.choice(a, 7, [7000]),
      once: random.choice(b, 100, [10, 9], { replace: false }),
      letters: random.choice(c, letters, [2, 500]),
    }));
    const counts = Array.from({ length: 7 }, (_, i) => r.numbers.data.filter((x) => x === i).length);
    expect(Math.abs(chiSquareDeviate(counts, new Array(7).fill(1000)))).toBeLessThan(4);
    expect(r.once.shape).toEqual([10, 9]);
    expect(new Set(r.once.data).size).toBe(90);
    expect(r.letters.shape).toEqual([2, 500]);
    const found = [5, 6, 7].map((x) => r.letters.data.filter((y) => y === x).length);
    expect(Math.abs(chiSquareDeviate(found, new Array(3).fill(1000 / 3)))).toBeLessThan(4);
  });

  test("what cannot be drawn is refused", () => {
    const [k] = keys(1);
    const refused = expect.objectContaining({ code: "random.option" });
    expect(() => random.permutation(k, 2.5)).toThrow(refused);
    expect(() => random.choice(k, 0, [1])).toThrow(refused);
    expect(() => random.choice(k, 3, [2, 2], { replace: false })).toThrow(refused);
  });
});

test("uniform numbers in float64 have 53 bits", async () => {
  const { x } = await run(() => ({ x: random.uniform(random.key(6), [n], "float64") }));
  const whole = Array.from(x.data, (v) => BigInt(v * 2 ** 53));
  expect(whole.every((w, i) => Number(w) === x.data[i] * 2 ** 53)).toBe(true);
  // Each of the 53 bits is set in half of the numbers.
  for (let bit = 0n; bit < 53n; bit++) {
    const share = mean(whole.map((w) => Number((w >> bit) & 1n)));
    expect(Math.abs(share - 0.5)).toBeLessThan(2.5 / Math.sqrt(n));
  }
});

describe("gradients", () => {
  const k = random.key(7);

  test("reach what stretches and moves: of a mean over exponential and normal numbers they are the sample's own", async () => {
    const [rate, deviation, centre] = [2, 3, 4].map((x) => tensor([x], { dtype: "float64" }));
    const e = random.exponential(k, [n], "float64");
    const z = random.normal(k, [n], "float64");
    const loss = e.div(rate).mean().add(z.mul(deviation).add(centre).square().mean());
    const r = await run(() => {
      const [byRate, byDeviation, byCentre] = grad(loss, [rate, deviation, centre]);
      return { byRate, byDeviation, byCentre };
    });
    // E(x) of an exponential is 1 / rate; E((s z + m)^2) is s^2 + m^2.
    expect(Math.abs(r.byRate.item() + 1 / 4)).toBeLessThan(5 / 4 / Math.sqrt(n));
    expect(Math.abs(r.byDeviation.item() - 6)).toBeLessThan((5 * Math.sqrt(2 * 36 + 16 * 4)) / Math.sqrt(n));
    expect(Math.abs(r.byCentre.item() - 8)).toBeLessThan((5 * 6) / Math.sqrt(n));
  });

  test.each([
    ["gamma", (alpha: Tensor) => random.gamma(k, [5], alpha)],
    ["beta", (alpha: Tensor) => random.beta(k, [5], alpha, 2)],
  ] as const)(
    "through the shape of %s are refused, forward and backward; through a scale they are not",
    async (_, of) => {
      const alpha = tensor([2.5]);
      const refused = expect.objectContaining({ code: "random.gradient" });
      expect(() => grad(of(alpha).sum(), alpha)).toThrow(refused);
      expect(() => jvp(of(alpha).sum(), alpha, tensor([1]))).toThrow(refused);
      const scale = tensor([3]);
      const { g, x } = await run(() => ({ g: grad(of(alpha).mul(scale).sum(), scale), x: of(alpha).sum() }));
      expect(g.item()).toBeCloseTo(x.item(), 5);
      const { stopped } = await run(() => ({ stopped: grad(of(alpha.stopGradient()).sum().add(alpha.sum()), alpha) }));
      expect(stopped.item()).toBe(1);
    },
  );

  test("a shape parameter that is not positive gives NaN", async () => {
    const { x } = await run(() => ({ x: random.gamma(k, [4], tensor([0, -1, Number.NaN, 1])) }));
    expect([...x.data].map(Number.isNaN)).toEqual([true, true, true, false]);
  });
});
