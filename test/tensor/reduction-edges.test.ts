import { readFileSync } from "node:fs";
import { compile, type DType, nn, type Tensor } from "pondus";
import { expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

type Numbers = readonly (number | string)[];
interface Edges {
  readonly rows: readonly Numbers[];
  readonly results: { readonly [name: string]: Numbers };
  readonly ofNone: { readonly [name: string]: Numbers };
}

const fixture: { readonly [D in DType]?: Edges } = JSON.parse(
  readFileSync(new URL("../fixtures/reduction_edges.json", import.meta.url), "utf8"),
);

/** NumPy says what sign a zero has that is a running sum or a product; of equal zeros any may be the largest. */
const signed = ["cumsum", "cumprod", "prod"];

const functions: { readonly [name: string]: (x: Tensor) => Tensor } = {
  sum: (x) => x.sum(-1),
  max: (x) => x.max(-1),
  min: (x) => x.min(-1),
  prod: (x) => x.prod(-1),
  any: (x) => x.any(-1),
  all: (x) => x.all(-1),
  argmax: (x) => x.argmax(),
  argmin: (x) => x.argmin(),
  cumsum: (x) => x.cumsum(),
  cumprod: (x) => x.cumprod(),
  cummax: (x) => x.cummax(),
  cummin: (x) => x.cummin(),
  sort: (x) => x.sort(),
  argsort: (x) => x.argsort(),
};

const plain = (name: string, values: Iterable<number | string | boolean>) =>
  [...values].map((v) => (signed.includes(name) ? Number(v) : Number(v) + 0));

const written = (values: readonly number[]) => values.map((v) => (Object.is(v, -0) ? "-0" : String(v)));

onEveryBackend((backend) => {
  test.for(Object.keys(fixture) as DType[])(
    "reductions and running totals of %s at its edges are NumPy's",
    async (dtype) => {
      const { rows, results, ofNone } = fixture[dtype] as Edges;
      const all = (names: readonly string[]) => (x: Tensor) =>
        Object.fromEntries(names.map((name) => [name, functions[name](x)]));
      const given = { x: { shape: [rows.length, rows[0].length], dtype } };
      const program = compile(({ x }) => all(Object.keys(results))(x), given, { backend });
      const got = await program.run({ x: rows.map((row) => row.map(Number)) });
      for (const [name, { data }] of Object.entries(got)) {
        expect(written(plain(name, data)), name).toEqual(written(plain(name, results[name])));
      }
      const empty = compile(({ x }) => all(Object.keys(ofNone))(x), { x: { shape: [2, 0], dtype } }, { backend });
      for (const [name, { data }] of Object.entries(await empty.run({ x: [] }))) {
        expect(written(plain(name, data)), `${name} of none`).toEqual(written(plain(name, ofNone[name])));
      }
    },
  );

  test("the logarithm of a sum of no powers is that of 0", async () => {
    const program = compile(({ x }) => ({ y: x.logSumExp(1), z: x.logSumExp(0) }), { x: [2, 0] }, { backend });
    const { y, z } = await program.run({ x: [] });
    expect([...y.data]).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(z.shape).toEqual([0]);
  });

  test.for([
    ["float32", 3.4e38],
    ["float64", 1.7e308],
  ] as const)("the variance of %s that is larger than any number is infinite", async ([dtype, most]) => {
    const program = compile(({ x }) => ({ y: x.variance(1) }), { x: { shape: [3, 3], dtype } }, { backend });
    const { y } = await program.run({ x: [most, most / 2, -most, most, -most, most, most / 2, most / 2, -most] });
    expect([...y.data]).toEqual(new Array(3).fill(Number.POSITIVE_INFINITY));
  });

  test("pooling whole numbers: padding never wins, not over the least of them either", async () => {
    const least = -(2 ** 31);
    const given = { x: { shape: [4, 1], dtype: "int32" } } as const;
    const pools = [nn.maxPool1d(2, { padding: 1 }), nn.maxPool1d(3, { stride: 2, ceil: true })];
    const means = nn.averagePool1d(2, { padding: 1, countPadding: false });
    const f = ({ x }: { x: Tensor }) => ({ a: pools[0](x), b: pools[1](x), c: means(x) });
    const { a, b, c } = await compile(f, given, { backend }).run({ x: [least, -5, least, least] });
    expect([[...a.data], [...b.data]]).toEqual([
      [least, -5, least],
      [-5, least],
    ]);
    expect([...c.data]).toEqual([least, (least - 5) / 2, least].map(Math.fround));
  });
});
