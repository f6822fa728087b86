import * as fc from "fast-check";
import { compile, grad, hvp, optim, parameter, parameterOf, tensor } from "pondus";
import { expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

const types = {
  float32: { round: 2 ** -24, exponents: [-140, 120], array: Float32Array },
  float64: { round: 2 ** -53, exponents: [-1060, 1015], array: Float64Array },
} as const;

/** Entries of all sizes that a type has, a common exponent for each vector. */
const vectors = (exponents: readonly [number, number]) =>
  fc
    .tuple(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: exponents[0], max: exponents[1] }),
    )
    .map(([entries, exponent]) => entries.map((x) => x * 2 ** exponent));

onEveryBackend((backend) => {
  test.each(Object.entries(types))(
    "%s: the norm and its gradient at any scale",
    async (name, { exponents, round, array }) => {
      const dtype = name as keyof typeof types;
      const program = compile(
        ({ x }) => ({ norm: x.norm(), slope: grad(x.norm(), x), rows: x.norm(0, { keepDims: true }) }),
        { x: { shape: [20], dtype } },
        { backend },
      );
      await fc.assert(
        fc.asyncProperty(vectors(exponents), async (entries) => {
          const x = array.from(Array.from({ length: 20 }, (_, i) => entries[i] ?? 0));
          const { norm, slope, rows } = await program.run({ x });
          // Math.hypot scales by the largest entry itself.
          const exact = Math.hypot(...x);
          const least = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
          expect(Math.abs(norm.item() - exact)).toBeLessThanOrEqual(16 * round * exact + least);
          expect(rows.data[0]).toBe(norm.item());
          const smooth = exact > 2 ** exponents[0];
          for (const [i, g] of [...slope.data].entries()) {
            if (exact === 0) expect(Math.abs(g)).toBe(0);
            else if (smooth) expect(Math.abs(g - x[i] / exact)).toBeLessThan(1e-3);
          }
        }),
        { numRuns: 60 },
      );
    },
  );
});

test("at 0 the norm's derivatives are 0, the second too", async () => {
  const x = parameter([3], 0, { dtype: "float64" });
  const v = tensor([1, 2, 3], { dtype: "float64" });
  const { first, second } = await compile(() => ({
    first: grad(x.norm(), x),
    second: hvp(x.norm(), [x], [v])[0],
  })).run();
  expect([...first.data, ...second.data]).toEqual([0, 0, 0, 0, 0, 0]);
});

test("norms of other orders, along axes, of none, of whole numbers", async () => {
  const x = tensor([
    [3, -4],
    [0, 12],
  ]);
  const r = await compile(() => ({
    rows: x.norm(1),
    columns: x.norm(0, { keepDims: true }),
    all: x.norm(),
    one: x.norm(1, { ord: 1 }),
    most: x.norm(0, { ord: Number.POSITIVE_INFINITY }),
    none: tensor([], { shape: [0] }).norm(),
    whole: tensor([3, 4], { dtype: "int32" }).norm(),
    nan: tensor([Number.NaN, 1]).norm(),
    infinite: tensor([Number.NEGATIVE_INFINITY, 1]).norm(),
  })).run();
  expect(Object.fromEntries(Object.entries(r).map(([name, { data }]) => [name, [...data]]))).toEqual({
    rows: [5, 12],
    columns: [3, expect.closeTo(Math.sqrt(160), 5)],
    all: [13],
    one: [7, 12],
    most: [3, 12],
    none: [0],
    whole: [5],
    nan: [Number.NaN],
    infinite: [Number.POSITIVE_INFINITY],
  });
  expect(() => x.norm(0, { ord: Number.NaN })).toThrow(/ord must be a number, such as 1, 2 or Infinity, but NaN came/);
  expect(() => x.norm(0, { ord: "fro" as never })).toThrow(/but fro came/);
  for (const ord of [-1, Number.NEGATIVE_INFINITY]) {
    expect(() => tensor([], { shape: [0] }).norm(0, { ord })).toThrow(/no elements/);
  }
});

test("orders as in the examples of numpy.linalg.norm", async () => {
  const a = tensor([-4, -3, -2, -1, 0, 1, 2, 3, 4], { dtype: "float64" });
  const documented = [
    [Number.POSITIVE_INFINITY, 4],
    [Number.NEGATIVE_INFINITY, 0],
    [0, 8],
    [1, 20],
    [-1, 0],
    [2, 7.745966692414834],
    [-2, 0],
    [3, 5.848035476425731],
  ] as const;
  for (const [ord, expected] of documented) {
    expect((await compile(() => ({ n: a.norm(0, { ord }) })).run()).n.item()).toBeCloseTo(expected, 14);
  }
});

test.each([-3, -0.5, 0.5, 1.5, 3, 40])(
  "norm of order %d and its gradient are as defined, at any scale; zeros have no gradient",
  async (ord) => {
    const program = compile(
      ({ x }) => {
        const norm = x.norm(1, { ord });
        return { norm, slope: grad(norm.sum(), x), kept: x.norm(-1, { ord, keepDims: true }) };
      },
      { x: { shape: [1, 6], dtype: "float64" } },
    );
    const entry = fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 1, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 6, maxLength: 6 }),
        fc.integer({ min: -900, max: 900 }),
        async (sizes, e) => {
          const scale = 2 ** e;
          const x = sizes.map((s, i) => (i % 2 ? -s : s));
          const { norm, slope, kept } = await program.run({ x: [x.map((v) => v * scale)] });
          const total = sizes.reduce((sum, s) => sum + s ** ord, 0);
          const exact = total === 0 ? 0 : total ** (1 / ord);
          expect(kept.shape).toEqual([1, 1]);
          expect(kept.item()).toBe(norm.item());
          expect(Math.abs(norm.item() / scale - exact)).toBeLessThanOrEqual(1e-12 * exact);
          x.forEach((v, i) => {
            const expected = v === 0 || exact === 0 ? 0 : Math.sign(v) * (sizes[i] / exact) ** (ord - 1);
            expect(Math.abs(slope.data[i] - expected)).toBeLessThanOrEqual(1e-11 * Math.abs(expected));
          });
        },
      ),
      { numRuns: 30 },
    );
    const odd = await program.run({ x: [[Number.NaN, 1, 2, 3, 4, 5]] });
    expect(odd.norm.item()).toBeNaN();
    const far = await program.run({ x: [[Number.NEGATIVE_INFINITY, 1, 1, 1, 1, 1]] });
    if (ord > 0) expect(far.norm.item()).toBe(Number.POSITIVE_INFINITY);
    else expect(far.norm.item()).toBeCloseTo(5 ** (1 / ord), 12);
  },
);

const clipped = async (gradients: readonly number[][], limit: number, dtype: "float32" | "float64") => {
  const clip = optim.clipByGlobalNorm(limit);
  const [first, second] = clip(gradients.map((g) => tensor(g, { dtype })));
  const results = await compile(() => ({ first, second })).run();
  return [results.first, results.second].map(({ data }) => Array.from(data));
};

test.each(["float32", "float64"] as const)(
  "%s: gradients of any size clip to the limit, in their own direction",
  async (dtype) => {
    const { exponents } = types[dtype];
    await fc.assert(
      fc.asyncProperty(vectors(exponents), fc.integer({ min: -10, max: 10 }), async (entries, power) => {
        const limit = 2 ** power;
        const g = types[dtype].array.from(entries);
        const out = (await clipped([[...g], [...g, g[0]]], limit, dtype)).flat();
        const all = [...g, ...g, g[0]];
        const norm = Math.hypot(...all);
        if (norm <= limit * 0.999) expect(out).toEqual(all);
        else if (norm > limit) {
          expect(Math.hypot(...out) / limit).toBeCloseTo(1, 5);
          all.forEach((x, i) => expect(out[i] / limit).toBeCloseTo(x / norm, 5));
        }
      }),
      { numRuns: 40 },
    );
  },
);

test("five steps along a gradient whose square overflows; one that is NaN or infinite is reported", async () => {
  const optimizer = optim.sgd({ learningRate: 0.1, clip: optim.clipByGlobalNorm(1) });
  const w = parameter([1], [1]);
  await optim.fit({ loss: w.mul(1e10).sub(2e10).square().sum(), optimizer, steps: 5 });
  expect(parameterOf(w)!.read()[0]).toBeCloseTo(1.5, 6);
  // The root's derivative at 0 is infinite, and infinity times 0 is NaN.
  for (const loss of [w.sub(w).abs().sqrt().sum(), w.sub(1.5).mul(0).sqrt().add(w).sum()]) {
    await expect(optim.fit({ loss, optimizer, steps: 3 })).rejects.toThrow(optim.NonFiniteError);
  }
});

test("a schedule that rises to nothing stays there", async () => {
  const schedule = optim.schedules.warmupCosine({ peak: 0, warmup: 1, steps: 4, final: 0.5 });
  const { rate } = await compile(({ s }) => ({ rate: schedule(s) }), { s: [4] }).run({ s: [0, 1, 2.5, 9] });
  expect([...rate.data]).toEqual([0, 0, expect.closeTo(0.25, 6), 0.5]);
});
