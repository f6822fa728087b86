import fc from "fast-check";
import { type BackendName, compile, einsum, grad, nn, random, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

/** Long sums in float32 are as good as short ones: relative to the sum of magnitudes they are off by 1e-6 at most. */

const bound = 1e-6;

/** A sum without error worth the name, of numbers in float64 (Neumaier). */
function exactSum(count: number, at: (i: number) => number): number {
  let [sum, lost] = [0, 0];
  for (let i = 0; i < count; i++) {
    const x = at(i);
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  return sum + lost;
}

/** Numbers on which running sums go wrong: all alike, so that rounding errors are; nearly so; without order; of both signs. */
const kinds: { readonly [name: string]: (i: number) => number } = {
  alike: () => 0.1,
  near100: (i) => 100 + ((i * 7919) % 1000) / 1000,
  scattered: (i) => ((Math.imul(i + 1, 2654435761) >>> 8) & 0xffff) / 65536,
  signed: (i) => Math.sin(i * 1.7) + 0.01,
};

const numbers = (length: number, kind: string) => Float32Array.from({ length }, (_, i) => kinds[kind](i));

/** The largest error, each relative to the sum of magnitudes. */
async function errorOf(
  backend: BackendName,
  x: Float32Array,
  shape: readonly number[],
  f: (x: Tensor) => Tensor,
  terms: (k: number) => { count: number; at: (i: number) => number },
): Promise<number> {
  const { y } = await compile(({ x }) => ({ y: f(x) }), { x: shape }, { backend }).run({ x });
  const errors = Array.from(y.data, (got, k) => {
    const { count, at } = terms(k);
    return Math.abs(got - exactSum(count, at)) / exactSum(count, (i) => Math.abs(at(i)));
  });
  return Math.max(...errors);
}

const large = process.env.PONDUS_LONG_SUMS === undefined ? 100_000 : 10_000_000;

onEveryBackend((backend) => {
  const sizeFor = backend === "reference" ? 5_000 : large;
  describe.each(Object.keys(kinds))("numbers %s", (kind) => {
    test("sums and means of all", async () => {
      const n = sizeFor + 37;
      const x = numbers(n, kind);
      const all = () => ({ count: n, at: (i: number) => x[i] });
      expect(await errorOf(backend, x, [n], (x) => x.sum(), all)).toBeLessThan(bound);
      expect(await errorOf(backend, x, [n], (x) => x.mean().mul(n), all)).toBeLessThan(bound);
      const squares = () => ({ count: n, at: (i: number) => x[i] ** 2 });
      expect(await errorOf(backend, x, [n], (x) => x.square().sum(), squares)).toBeLessThan(bound);
      const dot = (x: Tensor) => x.reshape([1, n]).matmul(x.reshape([n, 1]));
      expect(await errorOf(backend, x, [n], dot, squares)).toBeLessThan(bound);
      const running = (x: Tensor) => x.cumsum().slice(n - 1, n);
      expect(await errorOf(backend, x, [n], running, all)).toBeLessThan(bound);
    });

    test.each([1, 3, 20, 64])("along any axis, with %i numbers beside one another", async (width) => {
      const rows = Math.floor(sizeFor / width);
      const x = numbers(rows * width, kind);
      const column = (k: number) => ({ count: rows, at: (i: number) => x[i * width + k] });
      const layouts: ((x: Tensor) => Tensor)[] = [
        (x) => x.sum(0),
        (x) => x.T.sum(1),
        (x) => x.flip(0).sum(0),
        (x) => x.reshape([2, rows / 2, width]).sum([0, 1]),
        (x) =>
          x
            .reshape([rows / 2, 2, width])
            .permute([1, 2, 0])
            .sum([0, 2]),
        (x) => einsum("rk,r->k", x, x.sum(1).mul(0).add(1)),
        (x) =>
          x
            .reshape([rows / 2, 2, width])
            .sum(0)
            .sum(0),
      ];
      const even = layouts.filter((_, k) => rows % 2 === 0 || ![3, 4, 6].includes(k));
      for (const f of even) expect(await errorOf(backend, x, [rows, width], f, column)).toBeLessThan(bound);
    });

    test("gradients of weights over a large batch", async () => {
      const [inputs, outputs] = [4, 3];
      const rows = Math.floor(sizeFor / inputs);
      const x = numbers(rows * inputs, kind);
      const gradient = (x: Tensor) => {
        const w = tensor(new Float32Array(inputs * outputs), { shape: [inputs, outputs] });
        return grad(x.matmul(w).add(1).square().sum(), w);
      };
      const terms = (k: number) => ({ count: rows, at: (i: number) => 2 * x[i * inputs + Math.floor(k / outputs)] });
      expect(await errorOf(backend, x, [rows, inputs], gradient, terms)).toBeLessThan(bound);
    });

    test("gradients of an embedding whose rows are looked up again and again", async () => {
      const [rows, width, table] = [Math.floor(sizeFor / 3), 3, 5];
      const x = numbers(rows * width, kind);
      const gradient = (x: Tensor) => {
        const w = tensor(new Float32Array(table * width), { shape: [table, width] });
        const index = tensor(Int32Array.from({ length: rows }, (_, i) => (i % 100 === 0 ? 1 : 3)));
        return grad(w.gather(index).mul(x).sum(), w);
      };
      const { g } = await compile(({ x }) => ({ g: gradient(x) }), { x: [rows, width] }, { backend }).run({ x });
      for (const [row, picks] of [
        [1, (i: number) => i % 100 === 0],
        [3, (i: number) => i % 100 !== 0],
      ] as const) {
        for (let k = 0; k < width; k++) {
          const at = (i: number) => (picks(i) ? x[i * width + k] : 0);
          const error = Math.abs(g.data[row * width + k] - exactSum(rows, at)) / exactSum(rows, (i) => Math.abs(at(i)));
          expect(error).toBeLessThan(bound);
        }
      }
    });
  });

  test.skipIf(backend === "reference")("large products over a long axis, in panels and pieces", async () => {
    const [rows, terms, columns] = [192, 12_000, 24];
    const x = numbers(rows * terms, "alike");
    const wanted = exactSum(terms, () => x[0] * x[0]);
    const products: [number[], (x: Tensor) => Tensor][] = [
      [[rows, terms], (x) => x.matmul(x.slice(0, columns).T)],
      [[terms, rows], (x) => x.T.matmul(x.slice(0, columns, 1))],
    ];
    for (const [shape, f] of products) {
      const { y } = await compile(({ x }) => ({ y: f(x) }), { x: shape }, { backend }).run({ x });
      for (const got of y.data)
        if (Math.abs(got - wanted) > 4 * bound * wanted) throw new Error(`${got}, not ${wanted}`);
    }
  });

  test("what is infinite or no number in a long sum is so in the total", async () => {
    const n = 5000;
    const total = async (set: readonly [number, number][]) => {
      const x = new Float32Array(n).fill(1);
      for (const [i, value] of set) x[i] = value;
      const index = tensor(new Int32Array(n));
      const f = ({ x }: { readonly x: Tensor }) => ({
        sum: x.sum(),
        column: x.reshape([n, 1]).expand([n, 3]).sum(0).slice(0, 1),
        scattered: x.scatterAdd(index, 1),
        running: x.cumsum().slice(n - 1, n),
      });
      const got = await compile(f, { x: [n] }, { backend }).run({ x });
      return Object.values(got).map((y) => y.data[0]);
    };
    const infinity = Number.POSITIVE_INFINITY;
    expect(new Set(await total([[7, infinity]]))).toEqual(new Set([infinity]));
    expect(new Set(await total([[4003, -infinity]]))).toEqual(new Set([-infinity]));
    expect(new Set(await total([[7, Number.NaN]]))).toEqual(new Set([Number.NaN]));
    const both = await total([
      [7, infinity],
      [4003, -infinity],
    ]);
    expect(new Set(both)).toEqual(new Set([Number.NaN]));
  });

  describe("variance", () => {
    /** In float64, which has room for what float32 loses. */
    const exact = (x: Float32Array) => {
      const mean = exactSum(x.length, (i) => x[i]) / x.length;
      return exactSum(x.length, (i) => (x[i] - mean) ** 2) / x.length;
    };
    const varianceOf = async (x: Float32Array) => {
      const { v } = await compile(({ x }) => ({ v: x.variance() }), { x: [x.length] }, { backend }).run({ x });
      return v.data[0];
    };

    test("of numbers of any size, and of a large mean", async () => {
      const numbers = fc.tuple(
        fc.integer({ min: -15, max: 17 }),
        fc.double({ min: -1e5, max: 1e5, noNaN: true }),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 40 }),
      );
      await fc.assert(
        fc.asyncProperty(numbers, async ([power, mean, list]) => {
          const x = Float32Array.from(list, (d) => (mean + d) * 10 ** (power - (Math.abs(mean) > 1 ? 5 : 0)));
          const wanted = exact(x);
          // Numbers that differ by their last place alone have a variance of no more digits than their mean's rounding leaves.
          const place = Math.max(...x.map(Math.abs)) * 2 ** -23;
          const allowed = bound * wanted + 2 ** -20 * place ** 2 + 1e-44;
          expect(Math.abs((await varianceOf(x)) - wanted)).toBeLessThanOrEqual(allowed);
        }),
        { numRuns: 30 },
      );
    });

    test("is infinite only where it overflows, and 0 only where numbers are alike", async () => {
      const pair = (d: number) => Float32Array.from({ length: 1000 }, (_, i) => (i % 2 ? d : -d));
      expect((await varianceOf(pair(1e19))) / 1e38).toBeCloseTo(1, 5);
      expect(await varianceOf(pair(1e20))).toBe(Number.POSITIVE_INFINITY);
      expect((await varianceOf(pair(1e-21))) / 1e-42).toBeCloseTo(1, 2);
      expect(await varianceOf(new Float32Array(1000).fill(0.1))).toBe(0);
      const x = Float64Array.from({ length: 4 }, (_, i) => (i % 2 ? 1e154 : -1e154));
      const wide = compile(({ x }) => ({ v: x.variance() }), { x: { shape: [4], dtype: "float64" } }, { backend });
      expect((await wide.run({ x })).v.data[0] / 1e308).toBeCloseTo(1, 12);
    });

    test("has the derivatives of a variance, also where its square or itself overflows", async () => {
      const list = [3e18, -1e18, 5e18, 1e18];
      const slopes = async (factor: number) => {
        const x = Float32Array.from(list, (d) => d * factor);
        const f = ({ x }: { readonly x: Tensor }) => ({ g: grad(x.variance(), x) });
        const { g } = await compile(f, { x: [4] }, { backend }).run({ x });
        return Array.from(g.data, (y) => y / factor / 1e18);
      };
      // 2 (x - 2e18) / 4.
      for (const factor of [1, 1e-30, 10, 1e3]) {
        for (const [k, y] of (await slopes(factor)).entries()) expect(y).toBeCloseTo([0.5, -1.5, 1.5, -0.5][k], 5);
      }
    });
  });

  test("batch normalization of numbers near 100 has mean 0 and variance 1", async () => {
    const shape = [32, 32, 16, 3];
    const x = numbers(32 * 32 * 16 * 3, "near100");
    const f = ({ x }: { readonly x: Tensor }) => {
      const y = nn.training(random.key(0), () => nn.batchNorm(3, { epsilon: 0 })(x)).value.cast("float64");
      return { mean: y.mean([0, 1, 2]), variance: y.variance([0, 1, 2]) };
    };
    const { mean, variance } = await compile(f, { x: shape }, { backend }).run({ x });
    for (const m of mean.data) expect(Math.abs(m)).toBeLessThan(5e-5);
    for (const v of variance.data) expect(Math.abs(v - 1)).toBeLessThan(2e-6);
  });
});
