import {
  compile,
  fisher,
  fisherProduct,
  gaussNewton,
  gaussNewtonProduct,
  grad,
  hessian,
  hvp,
  jacobian,
  memoryHere,
  type Outputs,
  parameter,
  secondOrderPrice,
  type Tensor,
} from "pondus";
import { describe, expect, test } from "vitest";
import { planGraph } from "../../src/compiler/compile.ts";
import { formatBytes, formatWhole } from "../../src/graph/bytes.ts";
import { data, float64, net } from "../support/small-net.ts";

describe("what a matrix of second derivatives costs", () => {
  test("the protein net's 21,249 knobs, to the byte", () => {
    const price = secondOrderPrice(21_249);
    expect(price).toMatchObject({ entries: 451_520_001, float64Bytes: 3_612_160_008, float32Bytes: 1_806_080_004 });
    expect(price.exact).toBe(true);
  });

  test("a million knobs: 10^12 entries, 8 TB in float64; every alternative is millions of times smaller", () => {
    const { entries, float64Bytes, alternatives } = secondOrderPrice(1e6);
    expect([entries, float64Bytes]).toEqual([1e12, 8e12]);
    expect(formatBytes(float64Bytes)).toBe("8,000,000,000,000 bytes (8.00 TB)");
    expect(Object.fromEntries(alternatives.map((a) => [a.method, a.bytes]))).toEqual({
      "gradient descent": 8e6,
      Adam: 24e6,
      "Hessian-vector product": 24e6,
      "L-BFGS": 160e6,
      Lanczos: 400e6,
    });
  });

  test("the choices count: float32, five pairs, twenty vectors, no more of them than knobs", () => {
    const price = secondOrderPrice(1000, { dtype: "float32", history: 5, steps: 20 });
    expect(price.bytes).toBe(4e6);
    expect(price.alternatives.map((a) => a.bytes)).toEqual([4e3, 12e3, 12e3, 40e3, 80e3]);
    expect(secondOrderPrice(3).alternatives.at(-1)).toMatchObject({ numbers: 9, formula: "k P with k = 3" });
  });

  test("beyond 2^53 it says whether the digits are all right", () => {
    const billion = secondOrderPrice(1e9);
    expect([billion.exact, formatBytes(billion.float64Bytes)]).toEqual([
      true,
      "8,000,000,000,000,000,000 bytes (8.00 EB)",
    ]);
    const odd = secondOrderPrice(123_456_789);
    expect([odd.exact, formatBytes(odd.float64Bytes)]).toEqual([
      false,
      "about 121,900,000,000,000,000 bytes (121.93 PB)",
    ]);
  });
});

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1000, "1,000 bytes (1.00 kB)"],
  [999_994, "999,994 bytes (999.99 kB)"],
  [999_996, "999,996 bytes (1.00 MB)"],
  [2 ** 53 - 1, "9,007,199,254,740,991 bytes (9.01 PB)"],
])("%d is written %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test("whole numbers have their digits in threes", () => expect(formatWhole(21_249)).toBe("21,249"));

test("this machine's memory is a sane number", () => {
  expect(memoryHere()).toBeGreaterThan(2 ** 26);
  expect(memoryHere()).toBeLessThan(2 ** 50);
});

describe("a matrix that does not fit is refused before anything is built", () => {
  const million = parameter([1000, 1000], 0, float64);
  const loss = million.square().sum();
  const thrown = (f: () => unknown): unknown => {
    try {
      f();
    } catch (e) {
      return e;
    }
    return undefined;
  };

  test.each([
    ["hessian", () => hessian(loss, million)],
    ["gaussNewton", () => gaussNewton(million.sum(0), million)],
    ["fisher", () => fisher(million, million, { likelihood: "gaussian" })],
  ])("%s of a million knobs: the price, and what to do without it", (_, ask) => {
    const before = process.memoryUsage();
    const e = thrown(ask) as Error & { code: string; exitCode: number };
    const after = process.memoryUsage();
    expect([e.code, e.exitCode]).toEqual(["matrix.price", 2]);
    expect(e.message).toContain(
      "1,000,000 knobs make a matrix of 1,000,000,000,000 entries, 8,000,000,000,000 bytes (8.00 TB) in float64",
    );
    expect(e.message).toMatch(/this machine has [\d.]+ [GT]B/);
    for (const way of [
      "gradient descent: P, 8,000,000 bytes (8.00 MB)",
      "Adam: 3 P, 24,000,000 bytes (24.00 MB)",
      "Hessian-vector product: 3 P, 24,000,000 bytes",
      "L-BFGS: 2 m P with m = 10, 160,000,000 bytes (160.00 MB)",
      "Lanczos: k P with k = 50, 400,000,000 bytes (400.00 MB)",
    ]) {
      expect(e.message).toContain(way);
    }
    // Not even the knobs, which would be 8 MB; what the process itself holds moves by pages of the engine's own.
    for (const kind of ["arrayBuffers", "external"] as const) expect(after[kind] - before[kind]).toBeLessThan(1e5);
    expect(after.rss - before.rss).toBeLessThan(64e6);
  });

  test("a Jacobian has its own price; what fits goes on", () => {
    expect(thrown(() => jacobian(million.mul(2), million, { mode: "forward" }))).toMatchObject({
      code: "matrix.price",
    });
    expect(jacobian(loss, million).shape).toEqual([1, 1_000_000]);
  });

  test("float32 is priced as float32", () => {
    const w = parameter([1_000_000]);
    expect((thrown(() => hessian(w.sum(), w)) as Error).message).toContain(
      "4,000,000,000,000 bytes (4.00 TB) in float32",
    );
  });
});

describe("a run plans a matrix's own memory and that of a few products", () => {
  const { knobs, call } = net(4, 60, 5);
  const [few, many] = [call(data([20, 4], 3)), call(data([200, 4], 3))];
  const loss = few.square().mean();
  const mixed = many.sub(many.mean());
  const [p, n] = [605, 100];
  const v = Object.fromEntries(Object.entries(knobs).map(([name, k]) => [name, k.mul(0.5)])) as typeof knobs;
  const arena = (f: () => Outputs) =>
    planGraph(compile(f).graph, { vectorBytes: 32, registers: 16, mixedWidths: true }).memory.bytes;
  const likelihood = { likelihood: "categorical" } as const;
  test.each<[string, number, () => Tensor, () => Outputs]>([
    ["the Hessian", p * p, () => hessian(loss, knobs), () => hvp(loss, knobs, v)],
    ["a Jacobian by rows", n * p, () => jacobian(few, knobs), () => grad(loss, knobs)],
    [
      "a Jacobian by columns, and turned over",
      2 * n * p,
      () => jacobian(few, knobs, { mode: "forward" }),
      () => grad(loss, knobs),
    ],
    [
      "Gauss-Newton from more residuals than knobs, which belong to samples: with their Jacobian",
      p * p + 2 * many.size * p,
      () => gaussNewton(many, knobs),
      () => gaussNewtonProduct(many, knobs, v),
    ],
    [
      "Gauss-Newton from more residuals than knobs, each of all samples",
      p * p,
      () => gaussNewton(mixed, knobs),
      () => gaussNewtonProduct(mixed, knobs, v),
    ],
    [
      "Fisher from fewer outputs, with two Jacobians",
      p * p + 2 * n * p,
      () => fisher(few, knobs, likelihood),
      () => fisherProduct(few, knobs, v, likelihood),
    ],
  ])("%s", (_, entries, matrix, product) => {
    const beside = arena(() => ({ y: matrix() })) - 8 * entries;
    expect(beside / arena(product)).toBeLessThan(4);
  });
});
