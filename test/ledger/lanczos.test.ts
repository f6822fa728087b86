import { readFileSync } from "node:fs";
import fc from "fast-check";
import { compile, gaussNewtonProduct, hessian, hvp, nn, parameter, type Tensor, tensor } from "pondus";
import { lanczos, spectralDensity } from "pondus/ledger";
import { describe, expect, test } from "vitest";
import { tridiagonalEigen } from "../../src/ledger/spectrum/tridiagonal.ts";
import { onEveryBackend } from "../support/every-backend.ts";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/second_order.json", import.meta.url), "utf8"));
const float64 = { dtype: "float64" } as const;
const reference = { backend: "reference" } as const;

/** A loss whose Hessian has these eigenvalues, on axes that a reflection has turned away from the knobs' own. */
function turned(eigenvalues: readonly number[], dtype: "float32" | "float64" = "float64") {
  const n = eigenvalues.length;
  const u = tensor(
    Array.from({ length: n }, (_, i) => Math.sin(i + 1)),
    { dtype },
  );
  const w = parameter([n], 0, { dtype });
  const mirrored = w.sub(u.mul(u.mul(w).sum()).mul(2).div(u.square().sum()));
  return {
    w,
    loss: mirrored
      .square()
      .mul(tensor([...eigenvalues], { dtype }))
      .sum()
      .mul(0.5),
  };
}

/** The matrix 2 on the diagonal, -1 beside it: eigenvalues 2 - 2 cos(k pi / (n + 1)). */
const string = (n: number) => Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));

describe("the tridiagonal eigenproblem", () => {
  test.each([1, 2, 3, 50, 200])("a string of %d masses, whose tones are known", (n) => {
    const diagonal = new Array(n).fill(2);
    const { values, vectors } = tridiagonalEigen(diagonal, new Array(n - 1).fill(-1));
    for (const [i, tone] of string(n).entries()) expect(Math.abs(values[i] - tone)).toBeLessThan(2e-14);
    const v = (i: number) => vectors.subarray(i * n, (i + 1) * n);
    for (let i = 0; i < n; i++) {
      const image = v(i).map((x, k) => 2 * x - (k > 0 ? v(i)[k - 1] : 0) - (k < n - 1 ? v(i)[k + 1] : 0));
      expect(Math.max(...image.map((x, k) => Math.abs(x - values[i] * v(i)[k])))).toBeLessThan(1e-13);
    }
  });

  test("random ones: trace, sum of squares and orthogonality are kept; zeros beside the diagonal do no harm", () => {
    const entry = fc.double({ min: -100, max: 100, noNaN: true, noDefaultInfinity: true });
    const pair = fc
      .integer({ min: 1, max: 12 })
      .chain((n) =>
        fc.tuple(
          fc.array(entry, { minLength: n, maxLength: n }),
          fc.array(fc.oneof(entry, fc.constant(0)), { minLength: n - 1, maxLength: n - 1 }),
        ),
      );
    fc.assert(
      fc.property(pair, ([d, e]) => {
        const n = d.length;
        const { values, vectors } = tridiagonalEigen(d, e);
        const sum = (list: ArrayLike<number>) => Array.from(list).reduce((a, b) => a + b, 0);
        expect(Math.abs(sum(values) - sum(d))).toBeLessThan(1e-10);
        const squares = sum(d.map((x) => x * x)) + 2 * sum(e.map((x) => x * x));
        expect(Math.abs(sum(values.map((x) => x * x)) - squares)).toBeLessThan(1e-13 * squares + 1e-10);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            const dot = sum(Array.from({ length: n }, (_, k) => vectors[i * n + k] * vectors[j * n + k]));
            expect(Math.abs(dot - Number(i === j))).toBeLessThan(1e-13);
          }
        }
      }),
      { numRuns: 100, seed: 5 },
    );
  });
});

describe("lanczos", () => {
  test("the whole spectrum of a net's Hessian and Gauss-Newton matrix, as NumPy has it", async () => {
    const shapes = { w1: [2, 3], b1: [3], w2: [3, 3], b2: [3] };
    const knobs = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, parameter(shape, fixture.knobs[name], float64)]),
    );
    const y = tensor(fixture.x, float64).matmul(knobs.w1).add(knobs.b1).tanh().matmul(knobs.w2).add(knobs.b2);
    const losses = {
      meanSquare: nn.mse(y, tensor(fixture.target, float64)),
      crossEntropy: nn.crossEntropy(y, tensor(fixture.labels, { dtype: "int32" })),
    };
    for (const [name, loss] of Object.entries(losses)) {
      const found = await lanczos((v) => hvp(loss, knobs, v), knobs, reference);
      // Cross entropy does not change when all logits do: 0 is there more than once, and found once.
      const wanted: number[] = fixture.eigenvalues[name];
      for (const { value } of found.values) {
        expect(Math.min(...wanted.map((w) => Math.abs(w - value)))).toBeLessThan(1e-13 * wanted[wanted.length - 1]);
      }
      expect(found.smallest!.value).toBeCloseTo(wanted[0], 12);
      expect(found.largest!.value).toBeCloseTo(wanted[wanted.length - 1], 12);
    }
    const { largest } = await lanczos((v) => gaussNewtonProduct(y, knobs, v), knobs, { steps: 12, ...reference });
    expect(largest!.value).toBeCloseTo(Math.max(...fixture.eigenvalues.gaussNewton), 10);
  });

  test("the ends of a spectrum of 400 come first, and every value has an eigenvalue within its bound", async () => {
    const wanted = [...Array.from({ length: 396 }, (_, i) => i / 396), -5, -4, 20, 30];
    const { w, loss } = turned(wanted);
    const found = await lanczos((v) => hvp(loss, w, v), w, { steps: 40 });
    expect([found.steps, found.stopped]).toEqual([40, "finished"]);
    expect(found.smallest!.value).toBeCloseTo(-5, 12);
    expect(found.largest!.value).toBeCloseTo(30, 12);
    expect(found.largest!.bound).toBeLessThan(1e-12);
    for (const { value, bound } of found.values) {
      expect(Math.min(...wanted.map((x) => Math.abs(x - value)))).toBeLessThan(bound + 1e-12);
    }
    const top = found.vector(39);
    const image = (await compile(() => ({ y: hvp(loss, w, tensor(top)) })).run()).y.data;
    expect(Math.max(...Array.from(image, (x, i) => Math.abs(x - 30 * top[i])))).toBeLessThan(1e-11);
  });

  test("of many equal eigenvalues one is found, and the search ends", async () => {
    const { w, loss } = turned([1, 1, 1, 1, 7, 7, -2, 1]);
    const found = await lanczos((v) => hvp(loss, w, v), w);
    expect([found.stopped, found.steps]).toEqual(["exhausted", 3]);
    for (const [i, value] of [-2, 1, 7].entries()) expect(found.values[i].value).toBeCloseTo(value, 13);
    const nothing = await lanczos((v) => v.mul(0), w);
    expect([nothing.stopped, nothing.largest]).toEqual(["exhausted", { value: 0, bound: 0 }]);
  });

  test("the same seed gives the same numbers, another one the same spectrum", async () => {
    const { w, loss } = turned(string(60));
    const of = (seed: number) => lanczos((v) => hvp(loss, w, v), w, { steps: 30, seed });
    const [a, b, c] = [await of(1), await of(1), await of(2)];
    expect(a.values).toEqual(b.values);
    expect(c.values).not.toEqual(a.values);
    expect(Math.abs(c.largest!.value - a.largest!.value)).toBeLessThan(2 * (a.largest!.bound + c.largest!.bound));
  });

  test("full reorthogonalisation: no eigenvalue twice in 120 steps on 120 knobs over twelve orders of magnitude", async () => {
    const wanted = Array.from({ length: 120 }, (_, i) => 10 ** (-12 * (i / 119)));
    const { w, loss } = turned(wanted);
    const { values } = await lanczos((v) => hvp(loss, w, v), w, { steps: 120 });
    const above = (list: readonly number[]) => list.filter((x) => x > 1e-10).sort((x, y) => y - x);
    const [got, want] = [above(values.map((r) => r.value)), above(wanted)];
    expect(got.length).toBe(want.length);
    for (const [i, x] of want.entries()) expect(Math.abs(got[i] - x)).toBeLessThan(1e-14);
  });

  test("random symmetric matrices: all values of a full run are eigenvalues, as the polynomial of the matrix says", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 8 }), async (list) => {
        const distinct = [...new Set(list)].sort((a, b) => a - b);
        const { w, loss } = turned(list);
        const { values } = await lanczos((v) => hvp(loss, w, v), w, reference);
        expect(values.length).toBe(distinct.length);
        for (const [i, x] of distinct.entries()) expect(Math.abs(values[i].value - x)).toBeLessThan(1e-9);
      }),
      { numRuns: 25, seed: 11 },
    );
  });

  test("stops when asked to, with what it has; says how far it is", async () => {
    const { w, loss } = turned(string(50));
    const stop = new AbortController();
    const seen: number[] = [];
    const found = await lanczos((v) => hvp(loss, w, v), w, {
      signal: stop.signal,
      onProgress: ({ step, steps }) => {
        seen.push(step);
        expect(steps).toBe(50);
        if (step === 7) stop.abort();
      },
    });
    expect([found.stopped, found.steps, seen]).toEqual(["interrupted", 7, [0, 1, 2, 3, 4, 5, 6, 7]]);
    expect(found.largest!.value).toBeGreaterThan(3);
  });
});

onEveryBackend((backend) => {
  test("float32: eigenvalues to its rounding", async () => {
    const { w, loss } = turned([5, -3, 2, 1, 0.5, 0.25], "float32");
    const { smallest, largest } = await lanczos((v) => hvp(loss, w, v), w, { backend });
    expect(smallest!.value).toBeCloseTo(-3, 5);
    expect(largest!.value).toBeCloseTo(5, 5);
  });
});

describe("spectralDensity", () => {
  const wanted = [...Array.from({ length: 150 }, (_, i) => i / 150), ...Array.from({ length: 50 }, () => 4)];
  test("finds how many eigenvalues are where, and their sum", async () => {
    const { w, loss } = turned(wanted);
    const found = await spectralDensity((v: Tensor) => hvp(loss, w, v), w, {
      steps: 30,
      probes: 20,
      width: 0.1,
      points: 400,
    });
    const share = (from: number, to: number) =>
      found.nodes.filter(({ value }) => value > from && value < to).reduce((s, { weight }) => s + weight, 0);
    expect(share(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toBeCloseTo(1, 12);
    // 20 probes of 200 entries: a share of 1/4 is known to sqrt(2 * 3/16 / 200 / 20), about 0.01.
    expect(Math.abs(share(3.9, 4.1) - 0.25)).toBeLessThan(0.03);
    expect(Math.abs(share(-0.1, 0.5) - 0.375)).toBeLessThan(0.03);
    const sum = wanted.reduce((a, b) => a + b, 0);
    expect(Math.abs(found.trace / sum - 1)).toBeLessThan(0.1);
    const area = found.density.reduce((s, x) => s + x, 0) * (found.grid[1] - found.grid[0]);
    expect(area).toBeCloseTo(1, 6);
  });

  test("stops when asked to; a probe that was broken off does not count", async () => {
    const { w, loss } = turned(wanted);
    const stop = new AbortController();
    const found = await spectralDensity((v) => hvp(loss, w, v), w, {
      steps: 10,
      probes: 5,
      signal: stop.signal,
      onProgress: ({ step }) => step === 25 && stop.abort(),
    });
    expect(found.stopped).toBe("interrupted");
    expect(found.nodes.length).toBe(20);
    expect(found.nodes.reduce((s, { weight }) => s + weight, 0)).toBeCloseTo(1, 12);
  });
});

test("says what it cannot do", async () => {
  const w = parameter([2], 1, float64);
  const loss = w.square().sum();
  await expect(lanczos((v) => hvp(loss, w, v), w, { steps: 0 })).rejects.toThrow(/whole number from 1, but 0 came/);
  await expect(lanczos(() => loss, w)).rejects.toMatchObject({ code: "spectrum.size" });
  await expect(lanczos((v) => v.mul(Number.NaN), w)).rejects.toMatchObject({ code: "spectrum.nonfinite", exitCode: 1 });
  await expect(lanczos((v) => v, [w, w])).rejects.toMatchObject({ code: "matrix.twice" });
  await expect(spectralDensity((v) => v, w, { probes: 0.5 })).rejects.toThrow(/probes must be a whole number/);
  const inputs: Tensor[] = [];
  compile(
    ({ x }) => {
      inputs.push(x);
      return { x };
    },
    { x: { shape: [2], dtype: "float64" } },
  );
  await expect(lanczos((v) => hvp(w.mul(inputs[0]).square().sum(), w, v), w)).rejects.toThrow(/needs input "x"/);
  const billion = parameter([100_000, 100_000]);
  await expect(lanczos((v) => v, billion, { steps: 10_000 })).rejects.toThrow(
    /10,000 steps keep as many vectors of 10,000,000,000 numbers, 800,000,000,000,000 bytes \(800.00 TB\)/,
  );
  expect(() => hessian(billion.sum(), billion)).toThrow(/400,000,000,000,000,000,000 bytes \(400.00 EB\) in float32/);
});
