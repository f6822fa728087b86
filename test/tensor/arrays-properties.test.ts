import * as fc from "fast-check";
import { compile, concat, type DType, type NumberArray, type Tensor, tensor, vjp } from "pondus";
import { expect, test } from "vitest";
import { allocate } from "../../src/graph/dtype.ts";
import { Stream } from "../../src/graph/random/stream.ts";
import { difference } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";

/** An array of three axes, of which operations go along the middle one, wherever it stands. */
interface Rows {
  readonly before: number;
  readonly n: number;
  readonly after: number;
  readonly dtype: DType;
  readonly seed: number;
  /** How many different numbers there are: few make many equal ones. */
  readonly kinds: number;
}

/** Lengths around powers of two, of nothing, of one, and odd ones. */
const lengths = fc.oneof(
  fc.constantFrom(0, 1, 2, 3),
  fc.integer({ min: 2, max: 6 }).chain((k) => fc.constantFrom(2 ** k - 1, 2 ** k, 2 ** k + 1)),
  fc.integer({ min: 4, max: 70 }),
);
const rows: fc.Arbitrary<Rows> = fc.record({
  before: fc.constantFrom(1, 1, 2, 3),
  n: lengths,
  after: fc.constantFrom(1, 1, 2, 9, 17),
  dtype: fc.constantFrom<DType>("float32", "float64", "int32"),
  seed: fc.nat(),
  kinds: fc.constantFrom(2, 5, 1000),
});
const samples = fc.sample(rows, { seed: 5, numRuns: 16 });

function valuesOf({ before, n, after, dtype, seed, kinds }: Rows): number[] {
  const stream = new Stream(seed, "initialize", n);
  return Array.from({ length: before * n * after }, () => {
    const k = stream.below(kinds) - (kinds >> 1);
    if (dtype === "int32") return k;
    return stream.below(12) === 0
      ? [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][stream.below(3)]
      : k / 4;
  });
}

/** Applies a plain function of rows to an array, row by row, each entry rounded to the type. */
function byRow({ before, n, after, dtype }: Rows, values: readonly number[], f: (row: number[]) => number[]): number[] {
  const columns = Array.from({ length: before * after }, (_, k) => {
    const place = (i: number) => Math.floor(k / after) * n * after + i * after + (k % after);
    return f(Array.from({ length: n }, (_, i) => values[place(i)]));
  });
  const length = columns[0]?.length ?? 0;
  const out = allocate(dtype, before * length * after);
  columns.forEach((column, k) => {
    column.forEach((v, i) => {
      out[Math.floor(k / after) * length * after + i * after + (k % after)] = v;
    });
  });
  return Array.from(out);
}

/** NaN after all numbers. */
const compare = (a: number, b: number) =>
  Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || Number(a > b) - Number(a < b);
const order = (row: readonly number[], sign: 1 | -1) =>
  row.map((_, i) => i).sort((i, j) => sign * compare(row[i], row[j]) || i - j);
const running = (row: readonly number[], f: (a: number, b: number) => number) => {
  let total: number | undefined;
  return row.map((v) => {
    total = total === undefined ? v : f(total, v);
    return total;
  });
};

/** Each operation beside its definition. */
const definitions: { readonly [name: string]: [(x: Tensor) => Tensor, (row: number[]) => number[]] } = {
  cumsum: [(x) => x.cumsum(1), (row) => running(row, (a, b) => a + b)],
  "cumsum, reverse and exclusive": [
    (x) => x.cumsum(1, { reverse: true, exclusive: true }),
    (row) => row.map((_, i) => row.slice(i + 1).reduceRight((a, b) => a + b, 0)),
  ],
  "cumprod, exclusive": [
    (x) => x.clip(-1, 1).cumprod(-2, { exclusive: true }),
    (row) => row.map((_, i) => row.slice(0, i).reduce((a, b) => a * Math.min(1, Math.max(-1, b)), 1)),
  ],
  cummax: [(x) => x.cummax(1), (row) => running(row, Math.max)],
  "cummin, reverse": [(x) => x.cummin(1, { reverse: true }), (row) => running([...row].reverse(), Math.min).reverse()],
  sort: [(x) => x.sort(1), (row) => order(row, 1).map((i) => row[i])],
  "sort, falling": [(x) => x.sort(1, { descending: true }), (row) => order(row, -1).map((i) => row[i])],
  argsort: [(x) => x.argsort(1), (row) => order(row, 1)],
  "argsort, falling": [(x) => x.argsort(-2, { descending: true }), (row) => order(row, -1)],
  roll: [(x) => x.roll(5, 1), (row) => row.map((_, i) => row[(((i - 5) % row.length) + row.length) % row.length])],
  "cut in pieces and joined": [(x) => concat([...x.chunk(3, 1), ...x.split(4, 1)], 1), (row) => [...row, ...row]],
};

onEveryBackend((backend) => {
  test.each(Object.keys(definitions))("%s is what its definition says", async (name) => {
    const [f, definition] = definitions[name];
    const program = compile(
      (xs) => Object.fromEntries(samples.map((_, i) => [`${i}`, f(xs[`x${i}`])])),
      Object.fromEntries(
        samples.map(({ before, n, after, dtype }, i) => [`x${i}`, { shape: [before, n, after], dtype }]),
      ),
      { backend },
    );
    const values = samples.map(valuesOf);
    const got = await program.run(Object.fromEntries(values.map((v, i) => [`x${i}`, v])));
    const wrong = samples.flatMap((sample, i) => {
      const text = difference(got[i], byRow(sample, values[i], definition));
      return text ? [`${JSON.stringify(sample)}: ${text}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  test("sums of a long float32 axis are right to 1e-6, whatever its blocks, and so are their gradients", async () => {
    for (const n of [8191, 8192, 8193, 12_288, 300_001]) {
      const x = Float32Array.from({ length: n }, (_, i) => 100 + Math.sin(i));
      const program = compile(
        ({ x }) => {
          const y = x.cumsum();
          return { y, back: vjp(y, x, x) };
        },
        { x: [n] },
        { backend },
      );
      const { y, back } = await program.run({ x });
      const sums = running(Array.from(x), (a, b) => a + b);
      const later = running(Array.from(x).reverse(), (a, b) => a + b).reverse();
      const off = (got: NumberArray, wanted: readonly number[]) =>
        wanted.reduce((worst, v, i) => Math.max(worst, Math.abs(got.data[i] - v) / v), 0);
      expect(off(y, sums), `${n} sums`).toBeLessThan(1e-7);
      expect(off(back, later), `gradient of ${n} sums`).toBeLessThan(1e-7);
    }
  });

  test("logCumSumExp of a slowly rising float32 row forgets nothing", async () => {
    const n = 20_000;
    const x = Float32Array.from({ length: n }, (_, i) => i * 1e-5);
    const { y } = await compile(({ x }) => ({ y: x.logCumSumExp() }), { x: [n] }, { backend }).run({ x });
    let total = 0;
    const wanted = Array.from(x, (v) => {
      total += Math.exp(v);
      return Math.log(total);
    });
    expect(difference(y, wanted, 1e-7)).toBeUndefined();
  });

  test("of several updates of one entry the last one stands, and alone has a gradient", async () => {
    const stream = new Stream(3, "initialize");
    const index = Array.from({ length: 500 }, () => stream.below(40));
    const u = tensor(
      index.map((_, i) => i),
      { dtype: "float64" },
    );
    const { y, d } = await compile(
      () => {
        const base = tensor(new Float64Array(41).fill(-1));
        const y = base.scatter(tensor(index, { dtype: "int32" }), u);
        return { y, d: vjp(y, y.mul(0).add(1), u) };
      },
      {},
      { backend },
    ).run();
    const last = Array.from({ length: 41 }, (_, k) => index.lastIndexOf(k));
    expect(Array.from(y.data)).toEqual(last);
    expect(Array.from(d.data)).toEqual(index.map((k, i) => Number(index.lastIndexOf(k) === i)));
  });
});
