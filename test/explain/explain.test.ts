import fc from "fast-check";
import { compile, explain, gaussNewton, nn, parameter, type Tensor, tensor } from "pondus";
import {
  ensembleSpread,
  equivalent,
  hiddenLayers,
  importanceOf,
  singularValues,
  spectrumOf,
  symmetricEigen,
  symmetryOf,
  unitsOf,
} from "pondus/explain";
import { describe, expect, test } from "vitest";
import { ulp } from "../support/ulp.ts";

const float64 = { dtype: "float64" } as const;

const valuesOf = async (y: Tensor) => (await compile(() => ({ y }), {}, { backend: "reference" }).run()).y.data;

/** A network without biases of 0, whose symmetries would then look better than they are. */
function network(sizes: readonly number[], activation: nn.Layer, dtype: "float32" | "float64", seed = 1) {
  const layers = sizes.slice(1).flatMap((units, i) => {
    const dense = nn.dense(sizes[i], units, { dtype, biasInit: nn.init.normal(0.5) });
    return i < sizes.length - 2 ? [dense, activation] : [dense];
  });
  const net = nn.sequential(...layers);
  nn.initialize(net, seed);
  return net;
}

function inputsFor(count: number, width: number, dtype: "float32" | "float64" = "float32") {
  const values = Float64Array.from({ length: count * width }, (_, i) => 1.5 * Math.sin(1 + 2.3 * i));
  return tensor(values, { shape: [count, width], dtype });
}

describe("symmetry", () => {
  test("counts are factorials and powers of two", async () => {
    const tanh = await symmetryOf(network([2, 3, 4, 1], nn.tanh, "float32"), inputsFor(5, 2), { backend: "reference" });
    // 3! 2^3 4! 2^4
    expect(tanh.copies).toBe(String(6 * 8 * 24 * 16));
    expect(tanh.log10Copies).toBeCloseTo(Math.log10(18432), 10);
    const relu = await symmetryOf(network([2, 5, 1], nn.relu, "float32"), inputsFor(5, 2), { backend: "reference" });
    expect(relu.copies).toBe("120");
    expect(relu.notes[0]).toContain("c > 0");
    const wide = await symmetryOf(network([1, 64, 1], nn.tanh, "float32"), inputsFor(5, 1), { backend: "reference" });
    // log10 64! = 89.1034 (Abramowitz & Stegun's tables of ln n!), log10 2^64 = 19.2659
    expect(wide.log10Copies).toBeCloseTo(89.10342 + 19.26592, 4);
    expect(BigInt(wide.copies) % 2n ** 64n).toBe(0n);
  });

  test("any permutation and any flips of odd units leave the function, to rounding; flips alone, to the last bit", async () => {
    const kinds = { tanh: nn.tanh, sigmoid: nn.sigmoid, gelu: nn.gelu, relu: nn.relu } as const;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 5 }),
        fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])),
        fc.constantFrom("float32" as const, "float64" as const),
        fc.nat(1000),
        async (sizes, kind, dtype, seed) => {
          const net = network(sizes, kinds[kind], dtype, seed);
          const x = inputsFor(7, sizes[0], dtype);
          const [before, after, flipped] = [
            await valuesOf(net(x)),
            await valuesOf(equivalent(net, { seed })(x)),
            await valuesOf(equivalent(net, { seed, permute: false })(x)),
          ];
          const top = Math.max(1, ...Array.from(before, Math.abs));
          for (let i = 0; i < before.length; i++) {
            // A sum of n terms has n roundings, each through what follows; no layer here is wider than 9.
            expect(Math.abs(after[i] - before[i])).toBeLessThan(64 * ulp(top, dtype));
          }
          if (kind === "tanh") expect(Array.from(flipped)).toEqual(Array.from(before));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a chosen move does what it says, and no other network is touched", async () => {
    const net = network([1, 2, 1], nn.tanh, "float64");
    const before = Object.values(nn.weightsOf(net)).map((w) => Array.from(w.read()));
    const copy = equivalent(net, { moves: [{ from: [1, 0], sign: [-1, 1] }] });
    const [first, , last] = Object.values(copy.children);
    const [w, b, a, c] = await Promise.all(
      [first.parameters.weight, first.parameters.bias, last.parameters.weight, last.parameters.bias].map(valuesOf),
    );
    expect([...w, ...b, ...a, ...c]).toEqual([
      -before[0][1],
      before[0][0],
      -before[1][1],
      before[1][0],
      -before[2][1],
      before[2][0],
      ...before[3],
    ]);
    expect(Object.values(nn.weightsOf(net)).map((weight) => Array.from(weight.read()))).toEqual(before);
    expect(() => equivalent(net, { moves: [{ from: [0, 0], sign: [1, 1] }] })).toThrow("permutation");
    expect(() =>
      equivalent(network([1, 2, 1], nn.relu, "float64"), { moves: [{ from: [0, 1], sign: [-1, 1] }] }),
    ).toThrow("odd");
  });

  test("what is tied, shared or of another kind is not counted, and it says why", () => {
    const net = network([2, 3, 3, 1], nn.tanh, "float32");
    nn.tie(net.children[0].parameters.weight, [
      [0, 0],
      [1, 1],
    ]);
    const { hidden, excluded } = hiddenLayers(net);
    expect(hidden.map(({ path }) => path)).toEqual(["2"]);
    expect(excluded).toMatchObject([{ path: "0", why: expect.stringContaining("constrained") }]);
    const twice = nn.dense(3, 3);
    const shared = hiddenLayers(nn.sequential(nn.dense(2, 3), nn.tanh, twice, nn.tanh, twice));
    expect(shared.hidden).toEqual([]);
    expect(shared.excluded.map(({ why }) => why)).toEqual([
      expect.stringContaining("several places"),
      expect.stringContaining("several places"),
    ]);
    const digits = nn.sequential(nn.conv2d(1, 2, 3), nn.relu, nn.flatten, nn.dense(8, 5), nn.tanh, nn.dense(5, 2));
    const found = hiddenLayers(digits);
    expect(found.hidden).toMatchObject([{ path: "3", units: 5, odd: true }]);
    expect(found.excluded).toMatchObject([{ path: "0", why: expect.stringContaining("channels") }]);
    const own = hiddenLayers(nn.sequential(nn.dense(2, 3), (x: Tensor) => x.tanh(), nn.dense(3, 1)));
    expect(own.excluded).toHaveLength(1);
    const recurrent = hiddenLayers(nn.sequential(nn.residual(nn.sequential(nn.lstm(3, 3))), nn.dense(3, 1)));
    expect(recurrent.hidden).toEqual([]);
    expect(recurrent.excluded.at(-1)).toMatchObject({ name: "lstm(3, 3)", why: expect.stringContaining("gates") });
    const members = nn.ensemble(3, nn.sequential(nn.dense(1, 4), nn.tanh, nn.dense(4, 1)));
    expect(hiddenLayers(members).excluded[0].why).toContain("several networks");
  });
});

describe("spectrum", () => {
  test("eigenvalues and directions of matrices whose spectrum is known", async () => {
    for (const n of [1, 2, 7, 60]) {
      // min(i, j) is the inverse of the second difference: 1 / (4 sin^2((2k - 1) pi / (4n + 2))).
      const matrix = Float64Array.from({ length: n * n }, (_, at) => Math.min(Math.floor(at / n), at % n) + 1);
      const { values, vector } = await symmetricEigen(matrix);
      const exact = Array.from({ length: n }, (_, k) => 1 / (4 * Math.sin(((2 * k + 1) * Math.PI) / (4 * n + 2)) ** 2));
      for (let k = 0; k < n; k++) expect(Math.abs(values[k] - exact[k])).toBeLessThan(1e-14 * exact[0]);
      for (const k of [0, n - 1]) {
        const v = vector(k);
        for (let i = 0; i < n; i++) {
          const image = v.reduce((sum, x, j) => sum + matrix[i * n + j] * x, 0);
          expect(Math.abs(image - values[k] * v[i])).toBeLessThan(1e-13 * exact[0]);
        }
      }
    }
  });

  test("a matrix of rank 3 with all else rounding has three eigenvalues", async () => {
    const n = 40;
    const rows = [1, 1e-3, 1e-6].map((size, r) =>
      Float64Array.from({ length: n }, (_, i) => size * Math.cos((r + 1) * i)),
    );
    const matrix = Float64Array.from({ length: n * n }, (_, at) =>
      rows.reduce((sum, row) => sum + row[Math.floor(at / n)] * row[at % n], 0),
    );
    const { values } = await symmetricEigen(matrix);
    expect(values[2]).toBeGreaterThan(1e-13 * values[0]);
    for (let k = 3; k < n; k++) expect(Math.abs(values[k])).toBeLessThan(1e-14 * values[0]);
  });

  test("singular values of a graded matrix keep their digits over twenty decades", () => {
    // Hadamard's matrix of 4, its rows at right angles: each value is twice the size of its row.
    const signs = [
      [1, 1, 1, 1],
      [1, -1, 1, -1],
      [1, 1, -1, -1],
      [1, -1, -1, 1],
    ];
    const sizes = [1e-10, 1, 3e-5, 1e10];
    const graded = Float64Array.from(signs.flatMap((row, i) => row.map((s) => s * sizes[i])));
    const found = singularValues(graded, 4);
    [2e10, 2, 6e-5, 2e-10].forEach((value, i) => {
      expect(found.values[i] / value).toBeCloseTo(1, 14);
    });
    expect(Array.from(found.across(3), Math.abs)).toEqual([1, 0, 0, 0]);
    // Kahan's triangular matrices are upright only after turning; the product of all values is the determinant.
    const [s, c, n] = [Math.sin(1.2), Math.cos(1.2), 30];
    const kahan = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return i > j ? 0 : s ** i * (i === j ? 1 : -c);
    });
    const { values, along, across } = singularValues(kahan, n);
    const logs = values.reduce((sum, v) => sum + Math.log(v), 0);
    expect(logs).toBeCloseTo(((n * (n - 1)) / 2) * Math.log(s), 10);
    for (const k of [0, n - 1]) {
      const [v, u] = [along(k), across(k)];
      for (let i = 0; i < n; i++) {
        const image = v.reduce((sum, x, j) => sum + kahan[i * n + j] * x, 0);
        expect(image).toBeCloseTo(values[k] * u[i], 13);
      }
    }
  });

  /** Straight lines through points: J is the matrix itself. */
  function linear(design: readonly (readonly number[])[], target: readonly number[], knobs: readonly number[]) {
    const w = parameter([knobs.length, 1], [...knobs], { name: "fit.w", ...float64 });
    return tensor(design, float64).matmul(w).flatten().sub(tensor(target, float64));
  }

  test("of a linear model it is that of the design, from either side", async () => {
    // Columns at right angles: eigenvalues are the squares of their lengths over the noise squared.
    const design = [
      [2, 0],
      [0, 0.5],
      [2, 0],
      [0, 0.5],
    ];
    const found = await spectrumOf(linear(design, [0, 0, 0, 0], [1, 1]), {
      noise: 0.1,
      prior: 2,
      backend: "reference",
    });
    expect(found.values.map((e) => Number(e.toPrecision(12)))).toEqual([800, 50]);
    expect(found.effectiveKnobs).toBeCloseTo(800 / 800.25 + 50 / 50.25, 12);
    expect(found).toMatchObject({ zeros: 0, resolved: 2, aboveThreshold: 2, knobs: 2, numbers: 4, method: "dense" });
    expect(found.decades).toBeCloseTo(Math.log10(16), 10);
    expect(found.directions[0].knobs[0]).toMatchObject({ knob: "fit.w[0, 0]" });
    const wide = await spectrumOf(linear([[3, 4, 0]], [1], [1, 2, 3]), { noise: 1, prior: 1, backend: "reference" });
    expect(wide).toMatchObject({ zeros: 2, resolved: 1, numbers: 1 });
    expect(wide.values[0]).toBeCloseTo(25, 10);
    expect(wide.directions[0].knobs.map(({ component }) => Math.abs(component))).toEqual([
      expect.closeTo(0.8, 10),
      expect.closeTo(0.6, 10),
      expect.closeTo(0, 10),
    ]);
  });

  test("dense and by Lanczos, it is that of gaussNewton", async () => {
    const net = network([2, 6, 1], nn.tanh, "float64");
    const residuals = net(inputsFor(40, 2, "float64")).flatten();
    const { g } = await compile(() => ({ g: gaussNewton(residuals, nn.knobsOf(net)) })).run();
    const exact = (await symmetricEigen(g.data as Float64Array)).values;
    const dense = await spectrumOf(residuals, { noise: 1 });
    dense.values.forEach((e, i) => {
      expect(Math.abs(e - Math.max(exact[i], 0))).toBeLessThan(1e-13 * exact[0]);
    });
    const krylov = await spectrumOf(residuals, { noise: 1, dense: 1 });
    expect(krylov.method).toBe("lanczos");
    for (const k of [0, 1, 2]) expect(krylov.values[k] / exact[k]).toBeCloseTo(1, 8);
    const squared = await spectrumOf(residuals.expand([2000, 40]).mul(2000 ** -0.5), { noise: 1 });
    expect(squared.method).toBe("dense");
    for (const k of [0, 5, 10]) expect(squared.values[k] / exact[k]).toBeCloseTo(1, 6);
    expect(krylov.effectiveKnobs).toBeGreaterThan(0.5 * dense.effectiveKnobs);
    expect(krylov.effectiveKnobs).toBeLessThan(1.5 * dense.effectiveKnobs);
  });
});

describe("what knobs do", () => {
  test("sensitivities agree with finite differences, ablations with networks whose knob is 0", async () => {
    const net = network([2, 3, 2], nn.tanh, "float64");
    const x = inputsFor(9, 2, "float64");
    const { ranked, layers, outputSpread } = await importanceOf(net, x, { backend: "reference" });
    expect(ranked).toHaveLength(17);
    const base = await valuesOf(net(x));
    const moved = async (name: string, index: number, value: number) => {
      const weight = nn.weightsOf(net)[name];
      const before = weight.read().slice();
      weight.write(before.map((v, i) => (i === index ? value : v)));
      const y = await valuesOf(net(x));
      weight.write(before);
      return y;
    };
    const flat = (knob: string) => {
      const [, name, place] = /^(.*)\[(.*)\]$/.exec(knob) as RegExpExecArray;
      const [i, j] = place.split(", ").map(Number);
      return { name, index: j === undefined ? i : i * nn.weightsOf(net)[name].shape[1] + j };
    };
    const rms = (values: number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
    for (const { knob, value, sensitivity, ablation } of ranked) {
      const { name, index } = flat(knob);
      const [up, down] = [await moved(name, index, value + 1e-5), await moved(name, index, value - 1e-5)];
      expect(sensitivity).toBeCloseTo(rms(Array.from(up, (y, i) => (y - down[i]) / 2e-5)), 7);
      const zero = await moved(name, index, 0);
      expect(ablation).toBeCloseTo(rms(Array.from(zero, (y, i) => y - base[i])), 12);
    }
    expect(ranked.map(({ ablation }) => ablation)).toEqual(
      ranked.map(({ ablation }) => ablation).toSorted((a = 0, b = 0) => b - a),
    );
    const squares = (layer: string) =>
      ranked.filter((k) => k.knob.startsWith(layer)).reduce((s, k) => s + k.sensitivity ** 2, 0);
    for (const { layer, sensitivity } of layers) expect(sensitivity).toBeCloseTo(Math.sqrt(squares(`${layer}.`)), 10);
    expect(outputSpread).toBeGreaterThan(0);
  });

  test("a unit that always says the same is worth nothing beside its mean, and its mean beside 0", async () => {
    const net = nn.sequential(nn.dense(1, 2, float64), nn.tanh, nn.dense(2, 1, float64));
    const { "0.weight": w, "0.bias": b, "2.weight": a } = nn.weightsOf(net);
    w.write([1, 0]);
    b.write([0, 0.5]);
    a.write([0.25, 2]);
    const x = [-1, 0, 1];
    const { units, layers } = await unitsOf(
      net,
      tensor(
        x.map((v) => [v]),
        float64,
      ),
      { backend: "reference" },
    );
    expect(units.map(({ unit }) => unit)).toEqual([0, 1]);
    // tanh is odd, so that the first unit's mean is 0.
    const first = 0.25 * Math.tanh(1) * Math.sqrt(2 / 3);
    expect(units[0].averaged).toBeCloseTo(first, 12);
    expect(units[0].zeroed).toBeCloseTo(first, 12);
    expect(units[1].averaged).toBeCloseTo(0, 12);
    expect(units[1].zeroed).toBeCloseTo(2 * Math.tanh(0.5), 12);
    expect(layers).toEqual([{ layer: "0", units: 2, averaged: expect.closeTo(first, 12) }]);
  });

  test("of a convolution a unit is a channel", async () => {
    const net = nn.sequential(nn.conv2d(1, 3, 3), nn.relu, nn.flatten, nn.dense(12, 2));
    nn.initialize(net, 3);
    const x = tensor(
      Float64Array.from({ length: 4 * 16 }, (_, i) => Math.cos(i)),
      { shape: [4, 4, 4, 1], dtype: "float32" },
    );
    const { layers } = await unitsOf(net, x, { backend: "reference" });
    expect(layers).toMatchObject([{ layer: "0", units: 3 }]);
  });
});

describe("ensemble", () => {
  test("spreads by hand", () => {
    const weights = [Float64Array.of(1, 0), Float64Array.of(0, 1)];
    const outputs = [Float64Array.of(0, 2), Float64Array.of(0, 4)];
    const spread = ensembleSpread({ weights, outputs });
    // Each knob's deviation is sqrt(1/2), their size sqrt(2/4).
    expect(spread.weights).toBeCloseTo(1, 12);
    // The outputs deviate by 0 and sqrt(2), root mean square 1; their mean, 0 and 3, by 1.5 about its own.
    expect(spread.functions).toBeCloseTo(1 / 1.5, 12);
    expect(spread).toMatchObject({ members: 2, cosine: 0, ratio: expect.closeTo(1.5, 12) });
    expect(() => ensembleSpread({ weights: weights.slice(1), outputs })).toThrow("two or more members");
  });

  test("copies of one network are far apart in weights and one function", async () => {
    const net = network([1, 8, 1], nn.tanh, "float64");
    const x = inputsFor(20, 1, "float64");
    const members = [1, 2, 3, 4].map((seed) => equivalent(net, { seed }));
    const weights = members.map((m) =>
      Float64Array.from(Object.values(nn.weightsOf(m)).flatMap((w) => Array.from(w.read()))),
    );
    const outputs = await Promise.all(members.map(async (m) => Float64Array.from(await valuesOf(m(x)))));
    const spread = ensembleSpread({ weights, outputs });
    expect(spread.weights).toBeGreaterThan(0.5);
    expect(spread.functions).toBeLessThan(1e-14);
  });
});

test("explain needs a network and inputs, looks at no more inputs than asked, and changes nothing", async () => {
  const net = network([1, 4, 1], nn.tanh, "float32");
  const before = Object.values(nn.weightsOf(net)).map((w) => Array.from(w.read()));
  const found = await explain({ network: net, inputs: inputsFor(50, 1) }, { samples: 10, backend: "reference" });
  expect(found.knobs.samples).toBe(10);
  expect(found.identifiability).toMatchObject({ of: "outputs", knobs: 13, numbers: 10 });
  expect(found.spectrum).toHaveLength(10);
  expect(found.law).toBeUndefined();
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  expect(Object.values(nn.weightsOf(net)).map((w) => Array.from(w.read()))).toEqual(before);
  await expect(explain({ network: net, inputs: tensor(1) })).rejects.toMatchObject({ code: "explain.network" });
  const far = tensor([[Number.POSITIVE_INFINITY]]);
  await expect(explain({ network: net, inputs: far.sub(far) })).rejects.toMatchObject({
    code: "spectrum.nonfinite",
    exitCode: 1,
  });
  await expect(explain({ network: {} as nn.Layer, inputs: tensor([1]) })).rejects.toMatchObject({
    code: "explain.network",
  });
});
