import { compile, grad, nn, random, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";
import { casesOf, compareWithPyTorch, tensorOf } from "../support/pytorch-layers.ts";

const f64 = "float64" as const;

/** A mask as it is, but one of keys for each sequence, [batch, keys], as one for every query. */
function maskOf(mask: { shape: number[]; values: (number | boolean)[] }) {
  const made = tensorOf(mask, typeof mask.values[0] === "boolean" ? "bool" : "float64");
  return made.rank === 2 && made.dtype === "bool" ? made.unsqueeze(1) : made;
}

describe("against PyTorch", () => {
  onEveryBackend((backend) => {
    test.each(casesOf("embedding", "layerNorm", "rmsNorm", "groupNorm", "instanceNorm", "attention"))(
      "%s",
      async (_, c) => {
        const { mask } = c;
        const masked = (layer: nn.Layer, { x, query = x, key = x, value = x }: Record<string, Tensor>) =>
          (layer as nn.Attention).attend(query, key, value, { mask: mask && maskOf(mask) });
        await compareWithPyTorch(c, backend, mask && masked);
      },
    );
  });
});

describe("norms of numbers whose squares the type cannot hold", () => {
  const norms: { readonly [name: string]: () => nn.Layer } = {
    layerNorm: () => nn.layerNorm(6, { affine: false }),
    rmsNorm: () => nn.rmsNorm(6, { affine: false }),
    groupNorm: () => nn.groupNorm(2, 6),
    instanceNorm: () => nn.instanceNorm(6),
    batchNorm: () => nn.batchNorm(6),
  };
  const values = [3, 1, -2, 0.5, 4, -1, 2, 7, -3, 5, 0, 1, 1, 2, 3, -4, 5, 6];

  test.each(Object.entries(norms))("%s gives what it gives of moderate ones, and gradients scale", async (_, make) => {
    const norm = make();
    const program = compile(
      ({ x }) => {
        const y = nn.training(random.key(1), () => norm(x)).value;
        return { y, g: grad(y.mul(tensor(values).reshape([1, 3, 6])).sum(), x) };
      },
      { x: [1, 3, 6] },
    );
    const scaled = (by: number) => program.run({ x: new Float32Array(values.map((v) => v * by)) });
    // Beside 10^4 epsilon is nothing.
    const moderate = await scaled(1e4);
    for (const by of [1e19, 1e25, 1e30]) {
      const r = await scaled(by);
      values.forEach((_, i) => {
        expect(Math.abs(r.y.data[i] - moderate.y.data[i])).toBeLessThan(2e-6);
        expect(Math.abs(r.g.data[i] * by - moderate.g.data[i] * 1e4)).toBeLessThan(2e-5);
      });
    }
  });

  test("tiny numbers without an epsilon", async () => {
    const norm = nn.layerNorm(6, { affine: false, epsilon: 0 });
    const program = compile(({ x }) => ({ y: norm(x) }), { x: [3, 6] });
    const scaled = (by: number) => program.run({ x: new Float32Array(values.map((v) => v * by)) });
    const [tiny, plain] = [await scaled(1e-25), await scaled(1)];
    values.forEach((_, i) => void expect(Math.abs(tiny.y.data[i] - plain.y.data[i])).toBeLessThan(2e-6));
  });

  test("sizes that do not fit are refused", () => {
    expect(() => nn.groupNorm(4, 6)).toThrow("groupNorm(4, 6): sizes must be whole numbers from 1, groups must divide");
    expect(() => nn.rmsNorm(0)).toThrow("rmsNorm(0): it takes a whole number from 1");
    expect(() => nn.instanceNorm(3)(tensor([[1, 2, 3]]))).toThrow(
      "instanceNorm(3) takes [batch, places..., 3], but [1,3] came",
    );
  });
});

describe("embedding", () => {
  test("a number that names nothing gives NaN, and no gradient", async () => {
    const e = nn.embedding(3, 2, { init: nn.init.ones });
    const program = compile(
      ({ x }) => {
        const y = e(x);
        return { y, g: grad(y.sum(), e.parameters.weight) };
      },
      { x: { shape: [4], dtype: "int32" } },
    );
    const r = await program.run({ x: [2, 3, -1, 2] });
    expect(r.y.toList()).toEqual([
      [1, 1],
      [Number.NaN, Number.NaN],
      [Number.NaN, Number.NaN],
      [1, 1],
    ]);
    expect(r.g.toList()).toEqual([
      [0, 0],
      [0, 0],
      [2, 2],
    ]);
  });

  test("any leading axes, one vector too", () => {
    const e = nn.embedding(3, 2);
    const at = (shape: number[]) => e(tensor(new Int32Array(shape.reduce((n, m) => n * m, 1)), { shape })).shape;
    expect([at([]), at([5]), at([2, 3, 4])]).toEqual([[2], [5, 2], [2, 3, 4, 2]]);
  });

  test("mistakes", () => {
    expect(() => nn.embedding(0, 2)).toThrow("embedding(0, 2): both sizes must be whole numbers from 1.");
    expect(() => nn.embedding(3, 2)(tensor([1, 2]))).toThrow(
      /embedding\(3, 2\) looks vectors up by whole numbers, int32, but float32 \[2\] came.*dtype: "int32"/,
    );
  });
});

describe("layer norm", () => {
  test("a mean far from 0 takes no digits of the variance", async () => {
    const x = Array.from({ length: 16 }, (_, i) => Math.sin(i));
    const n = nn.layerNorm(16, { affine: false, dtype: f64 });
    const near = await compile(() => ({ y: n(tensor([x], { dtype: f64 })) })).run();
    const far = await compile(() => ({ y: n(tensor([x.map((v) => v + 1e6)], { dtype: f64 })) })).run();
    // The entries themselves are rounded to 1e6 times 2^-53; the naive E[x^2] - E[x]^2 would be wrong in the fourth digit.
    near.y.data.forEach((v, i) => expect(Math.abs(far.y.data[i] - v)).toBeLessThan(2e-9));
  });

  test("a constant row gives the bias, and finite gradients", async () => {
    const n = nn.layerNorm(4);
    const x = tensor([[3, 3, 3, 3]]);
    const y = n(x);
    const r = await compile(() => ({ y, g: grad(y.mul(tensor([1, 2, 3, 4])).sum(), x) })).run();
    expect([...r.y.data]).toEqual([0, 0, 0, 0]);
    expect([...r.g.data].every(Number.isFinite)).toBe(true);
  });

  test("weights by name; what it takes", () => {
    expect(Object.keys(nn.weightsOf(nn.layerNorm(4)))).toEqual(["weight", "bias"]);
    expect(nn.layerNorm([2, 3]).takes).toEqual([2, 3]);
    expect(nn.layerNorm([2, 3]).name).toBe("layerNorm([2,3])");
  });

  test("mistakes", () => {
    expect(() => nn.layerNorm(1.5)).toThrow("layerNorm(1.5): it takes a whole number from 1 for each axis");
    expect(() => nn.layerNorm([])).toThrow(/at least one/);
    expect(() => nn.layerNorm(3, { epsilon: -1 })).toThrow(/epsilon must be a number from 0, but it is -1/);
    expect(() => nn.layerNorm([4, 3])(tensor([[1, 2, 3]]))).toThrow(
      /^layerNorm\(\[4,3\]\) normalizes the last axes \[4,3\], but \[1,3\] came \(at layers\.test\.ts:\d+\)\.$/,
    );
  });
});

describe("residual", () => {
  test("adds what goes around, by hand", async () => {
    const inner = nn.dense(2, 2, { init: nn.init.constant(2), biasInit: nn.init.constant(1) });
    const shortcut = nn.dense(2, 2, { init: nn.init.constant(3), bias: false });
    const x = tensor([[1, 10]]);
    const [plain, both] = [nn.residual(inner), nn.residual(inner, shortcut)];
    const loss = both(x).sum();
    const r = await compile(() => ({
      plain: plain(x),
      both: both(x),
      g: grad(plain(x).sum(), x),
      w: grad(loss, shortcut.parameters.weight),
    })).run();
    expect(r.plain.toList()).toEqual([[24, 33]]);
    expect(r.both.toList()).toEqual([[56, 56]]);
    expect(r.g.toList()).toEqual([[5, 5]]);
    expect(r.w.toList()).toEqual([
      [1, 1],
      [10, 10],
    ]);
  });

  test("names by place, and a plain function inside", async () => {
    const r = nn.residual(nn.sequential(nn.dense(2, 3), nn.tanh, nn.dense(3, 2)), nn.dense(2, 2));
    expect(Object.keys(nn.weightsOf(nn.sequential(r)))).toEqual([
      "0.inner.0.weight",
      "0.inner.0.bias",
      "0.inner.2.weight",
      "0.inner.2.bias",
      "0.shortcut.weight",
      "0.shortcut.bias",
    ]);
    expect(r.name).toBe("residual(sequential(dense(2, 3), tanh, dense(3, 2)), dense(2, 2))");
    expect(r.takes).toEqual([2]);
    const twice = nn.residual((x) => x.mul(2));
    expect((await compile(() => ({ y: twice(tensor([1, 2])) })).run()).y.toList()).toEqual([3, 6]);
  });

  test("shapes that would broadcast are refused, with advice", () => {
    expect(() => nn.residual(nn.dense(4, 1))(tensor([[1, 2, 3, 4]]))).toThrow(
      /^residual\(dense\(4, 1\)\): the inside gives \[1,1\].*but what came in is \[1,4\]; make the shapes equal, or give a shortcut/,
    );
  });
});

describe("attention", () => {
  const features = 4;
  const make = (options = {}) => nn.attention(features, 2, { dtype: f64, ...options });
  const sequence = (...shape: number[]) =>
    tensor(
      new Float64Array(shape.reduce((n, m) => n * m, 1)).map((_, i) => Math.sin(i * i + shape.length)),
      { shape },
    );

  test("weights by PyTorch's names", () => {
    const shapes = (layer: nn.Layer) =>
      Object.fromEntries(Object.entries(nn.weightsOf(layer)).map(([name, w]) => [name, w.shape]));
    expect(shapes(make())).toEqual({
      in_proj_weight: [12, 4],
      in_proj_bias: [12],
      "out_proj.weight": [4, 4],
      "out_proj.bias": [4],
    });
    expect(shapes(make({ bias: false }))).toEqual({ in_proj_weight: [12, 4], "out_proj.weight": [4, 4] });
  });

  test("no batch axis, or several, give what one does", async () => {
    const a = make({ causal: true });
    const x = sequence(2, 3, 5, features);
    const r = await compile(() => ({
      whole: a(x),
      flat: a(x.reshape([6, 5, features])),
      one: a(x.at(1).at(2)),
    })).run();
    expect([...r.whole.data]).toEqual([...r.flat.data]);
    r.one.data.forEach((v, i) => expect(Math.abs(v - r.whole.data[5 * 5 * features + i])).toBeLessThan(1e-14));
  });

  test("a key that is hidden has no say, whatever it is; causal is a mask of what is later", async () => {
    const [a, free] = [make({ causal: true }), make()];
    for (const [name, w] of Object.entries(nn.weightsOf(free))) w.write(nn.weightsOf(a)[name].read());
    const x = sequence(2, 3, features);
    const later = tensor(new Float64Array([1, 1, 1, 1e6]), { shape: [4, 1] });
    const mask = tensor([
      [1, 0, 0],
      [1, 1, 0],
      [1, 1, 1],
    ]).ne(0);
    const long = sequence(2, 4, features).mul(later);
    const hidden = tensor([1, 1, 1, 0]).ne(0);
    const cross = free.attend(x, long, long, { mask: hidden });
    const r = await compile(() => ({
      causal: a(x),
      masked: free.attend(x, x, x, { mask }),
      cross,
      short: free.attend(x, long.slice(0, 3, 1), long.slice(0, 3, 1)),
      g: grad(cross.sum(), long),
    })).run();
    expect([...r.causal.data]).toEqual([...r.masked.data]);
    r.cross.data.forEach((v, i) => expect(Math.abs(v - r.short.data[i])).toBeLessThan(1e-14));
    expect((r.g.toList() as number[][][]).every((sample) => sample[3].every((g) => g === 0))).toBe(true);
  });

  onEveryBackend((backend) => {
    test("a query that may see nothing takes up nothing, and gradients stay finite", async () => {
      const a = make();
      nn.weightsOf(a)["out_proj.bias"].write([1, 2, 3, 4]);
      const x = sequence(2, 3, features);
      const keys = tensor([
        [1, 0, 1],
        [0, 0, 0],
      ])
        .ne(0)
        .unsqueeze(1);
      const y = a.attend(x, x, x, { mask: keys });
      const loss = y.square().sum();
      const r = await compile(
        () => ({ y, gx: grad(loss, x), gw: grad(loss, a.parameters.in_proj_weight) }),
        {},
        { backend },
      ).run();
      expect((r.y.toList() as number[][][])[1]).toEqual([0, 1, 2].map(() => [1, 2, 3, 4]));
      for (const g of [r.gx, r.gw]) expect([...g.data].every(Number.isFinite)).toBe(true);
    });

    test("large scores overflow nowhere", async () => {
      const a = make({ causal: true });
      const x = sequence(1, 4, features).mul(1e8);
      const y = a(x);
      const r = await compile(() => ({ y, g: grad(y.sum(), x) }), {}, { backend }).run();
      for (const v of [r.y, r.g]) expect([...v.data].every(Number.isFinite)).toBe(true);
    });
  });

  test("dropout takes shares away while training, keeps their mean, and is no more after it", async () => {
    const a = make({ dropout: 0.25 });
    const weights = nn.weightsOf(a);
    // Values pass as they are, and all keys have equal shares.
    const identity = [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].map((j) => Number(i === j)));
    weights.in_proj_weight.write([...new Array(32).fill(0), ...identity]);
    weights["out_proj.weight"].write(identity);
    const x = tensor(new Float64Array(200 * 20 * features).fill(1), { shape: [200, 20, features] });
    const trained = nn.training(random.key(3), () => a(x)).value;
    const r = await compile(() => ({
      trained,
      again: nn.training(random.key(3), () => a(x)).value,
      after: a(x),
    })).run();
    expect(r.after.data.every((v) => Math.abs(v - 1) < 1e-14)).toBe(true);
    expect([...r.again.data]).toEqual([...r.trained.data]);
    // Each sum is over 20 shares of 1/20, kept with 3/4 and multiplied by 4/3: variance (1/4) / (3/4) / 20.
    const v = [...r.trained.data].filter((_, i) => i % features === 0);
    const mean = v.reduce((s, y) => s + y, 0) / v.length;
    const variance = v.reduce((s, y) => s + (y - mean) ** 2, 0) / v.length;
    expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(1 / 60 / v.length));
    expect(Math.abs(variance * 60 - 1)).toBeLessThan(0.1);
    expect(() => make({ dropout: 1 })).toThrow(/dropout\(1\)/);
  });

  test("mistakes", () => {
    expect(() => nn.attention(6, 4)).toThrow(/^attention\(6, 4\): .*the heads must divide the features/);
    const a = make();
    const x = sequence(2, 3, features);
    expect(() => a(sequence(2, 3, 5))).toThrow(
      /takes \[\.\.\., time, 4\].*but \[2,3,5\] \(at layers.test.ts:\d+\) came/,
    );
    expect(() => a.attend(x, sequence(2, 4, features), x)).toThrow(
      /query \[2,3,4\].*, key \[2,4,4\].*, value \[2,3,4\]/,
    );
    expect(() => make({ causal: true }).attend(x, sequence(2, 5, features), sequence(2, 5, features))).toThrow(
      /causal, which takes as many queries as keys, but 3 and 5 came/,
    );
    const mask = (m: ReturnType<typeof tensor>) => () => a.attend(x, x, x, { mask: m });
    expect(mask(tensor([[1, 1, 0]]))).toThrow(
      /must be bool, .* spread to \[2,3,3\].*but float32 \[1,3\] came.*ne\(0\)/,
    );
    expect(
      mask(
        tensor([
          [1, 1, 0],
          [1, 0, 0],
        ]).ne(0),
      ),
    ).toThrow(/bool \[2,3\] came.*mask\.unsqueeze\(1\)/);
  });
});
