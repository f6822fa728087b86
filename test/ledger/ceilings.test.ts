import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectBackends } from "pondus";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ceilings, ceilings } from "../../src/ledger/measured/ceilings.ts";
import { predictSeconds, type Work } from "../../src/ledger/measured/roofline.ts";

const usual = process.env.PONDUS_CACHE;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pondus-ceilings-"));
  process.env.PONDUS_CACHE = folder;
});

afterAll(() => {
  if (usual === undefined) delete process.env.PONDUS_CACHE;
  else process.env.PONDUS_CACHE = usual;
  rmSync(folder, { recursive: true });
});

const problem = (name: string) => inspectBackends().find((b) => b.name === name)?.unavailable;
const isRate = (x: number) => Number.isFinite(x) && x > 0;

function expectSound(found: Ceilings, backend: string): void {
  const { products, elementwise, divisions, bandwidth, cache, memory, run, launch } = found;
  expect(found.backend).toBe(backend);
  expect(found.threads).toBeGreaterThanOrEqual(1);
  const figures = [products, elementwise, divisions].flatMap(({ float32, float64 }) => [float32, float64]);
  expect([...figures, cache, memory, run, launch].filter((x) => !isRate(x))).toEqual([]);
  const arenas = bandwidth.map((b) => b.arena);
  expect(arenas).toEqual([...new Set(arenas)].sort((a, b) => a - b));
  const rates = bandwidth.map((b) => b.rate);
  expect(rates).toEqual([...rates].sort((a, b) => b - a));
  expect([rates[0], rates.at(-1)]).toEqual([cache, memory]);
}

const filesFor = (backend: string) =>
  readdirSync(folder).filter((f) => /^ceilings-/.test(f) && f.includes(`-${backend}-`));

describe("wasm", () => {
  const here = test.skipIf(problem("wasm") !== undefined);

  here("is measured once, and kept where nobody else reads it", async () => {
    const progress: number[] = [];
    const found = await ceilings({ backend: "wasm", onProgress: (done) => progress.push(done) });
    expectSound(found, "wasm");
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    const [file, ...others] = filesFor("wasm");
    expect(others).toEqual([]);
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    expect(await ceilings({ backend: "wasm", onProgress: () => expect.unreachable() })).toEqual(found);
    // What is kept is what counts, until somebody asks for it to be measured again.
    writeFileSync(join(folder, file), JSON.stringify({ ...found, run: 12, busy: 0 }));
    expect((await ceilings({ backend: "wasm" })).run).toBe(12);
    expect((await ceilings({ backend: "wasm", remeasure: true })).run).toBeLessThan(12);
    expect((await ceilings({ backend: "wasm" })).run).toBeLessThan(12);
  });

  here("is measured anew where it was measured on a machine busier than now", async () => {
    const found = await ceilings({ backend: "wasm" });
    const path = join(folder, filesFor("wasm")[0]);
    writeFileSync(path, JSON.stringify({ ...found, run: 12, busy: 100 }));
    expect((await ceilings({ backend: "wasm" })).run).toBeLessThan(12);
  });

  here.each([
    ["half of it", (text: string) => text.slice(0, text.length / 2)],
    ["a rate that is none", (text: string) => JSON.stringify({ ...JSON.parse(text), memory: -1 })],
    ["a rate that is missing", (text: string) => JSON.stringify({ ...JSON.parse(text), launch: undefined })],
  ])("is measured anew when the file holds %s", async (_, spoil) => {
    await ceilings({ backend: "wasm" });
    const path = join(folder, filesFor("wasm")[0]);
    writeFileSync(path, spoil(readFileSync(path, "utf8")));
    expectSound(await ceilings({ backend: "wasm" }), "wasm");
    expect(JSON.parse(readFileSync(path, "utf8")).memory).toBeGreaterThan(0);
  });
});

test.skipIf(problem("native") !== undefined)("native is measured", async () => {
  expectSound(await ceilings({ backend: "native" }), "native");
  expect(filesFor("native")).toHaveLength(1);
});

test("an interpreter has no ceiling", async () => {
  await expect(ceilings({ backend: "reference" })).rejects.toMatchObject({ code: "ceilings.backend" });
});

describe("predictSeconds", () => {
  const machine: Ceilings = {
    backend: "native",
    threads: 4,
    products: { float32: 100e9, float64: 50e9 },
    elementwise: { float32: 10e9, float64: 5e9 },
    divisions: { float32: 2e9, float64: 1e9 },
    bandwidth: [
      { arena: 1e6, rate: 64e9 },
      { arena: 16e6, rate: 16e9 },
      { arena: 64e6, rate: 8e9 },
    ],
    cache: 64e9,
    memory: 8e9,
    run: 1e-6,
    launch: 1e-8,
  };
  const kernel = { isProduct: false, dtype: "float32", bytes: 0, flops: 0 } as const;
  const predict = (work: readonly Work[], arena = 1e3) => predictSeconds(work, arena, machine);

  test("a run that does nothing costs the call", () => {
    expect(predict([])).toBe(1e-6);
  });

  test.each([
    ["a product", { ...kernel, isProduct: true, flops: 1e9 }, 1e9 / 100e9],
    ["a product in float64", { ...kernel, isProduct: true, dtype: "float64", flops: 1e9 }, 1e9 / 50e9],
    ["functions", { ...kernel, flops: 1e9 }, 1e9 / 10e9],
    ["functions in float64", { ...kernel, dtype: "float64", flops: 1e9 }, 1e9 / 5e9],
    [
      "a product with something done to its results",
      { ...kernel, isProduct: true, flops: 3e9, elementwise: 1e9 },
      0.12,
    ],
    ["roots and divisions", { ...kernel, flops: 1e9, divisions: 2e8 }, 8e8 / 10e9 + 2e8 / 2e9],
    ["memory, where it takes longer", { ...kernel, flops: 1e6, bytes: 64e9 }, 1],
    ["several calls", { ...kernel, flops: 1e9, times: 3 }, 3 * (1e9 / 10e9 + 1e-8) - 1e-8],
  ] as [string, Work, number][])("%s", (_, work, seconds) => {
    expect(predict([work])).toBeCloseTo(1e-6 + 1e-8 + seconds, 12);
  });

  test("a small kernel has one thread to itself", () => {
    expect(predict([{ ...kernel, flops: 9e3 }])).toBeCloseTo(1e-6 + 1e-8 + (4 * 9e3) / 10e9, 15);
    expect(predict([{ ...kernel, flops: 11e3 }])).toBeCloseTo(1e-6 + 1e-8 + 11e3 / 10e9, 15);
  });

  test.each([
    [1e3, 64e9],
    [1e6, 64e9],
    [4e6, 32e9],
    [16e6, 16e9],
    [32e6, 16e9 / Math.SQRT2],
    [64e6, 8e9],
    [1e12, 8e9],
  ])("an arena of %d bytes moves %d bytes a second", (arena, rate) => {
    expect(predict([{ ...kernel, bytes: 1e9 }], arena)).toBeCloseTo(1e-6 + 1e-8 + 1e9 / rate, 9);
  });
});
