import { readFileSync } from "node:fs";
import { compile, type DType, grad, hvp, nn, parameter, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8"));

/** Equal to `relative`, or to `absolute` where the expected number is smaller than that allows. */
function close(got: ArrayLike<number>, wanted: readonly unknown[], relative: number, absolute = 0): void {
  const flat = wanted.flat(Number.POSITIVE_INFINITY) as number[];
  expect(got.length).toBe(flat.length);
  flat.forEach((w, i) => {
    if (w === null) return;
    const error = Math.abs(got[i] - Number(w));
    expect(error <= relative * Math.abs(Number(w)) + absolute, `entry ${i}: ${got[i]} is not ${w}`).toBe(true);
  });
}

const float64 = (values: unknown) => tensor(values as number[], { dtype: "float64" });

describe("activations against mpmath: value, first and second derivative", () => {
  const { x, functions } = fixture("activations");
  const layers = {
    tanh: nn.tanh,
    sigmoid: nn.sigmoid,
    relu: nn.relu,
    gelu: nn.gelu,
    geluTanh: nn.geluTanh,
    softplus: nn.softplus,
    silu: nn.silu,
    elu: nn.elu,
    leakyRelu: nn.leakyRelu,
  };
  test.each(Object.entries(layers))("%s", async (name, f) => {
    const program = compile(
      ({ x }) => {
        const y = f(x);
        const first = grad(y.sum(), x);
        return { y, first, second: grad(first.sum(), x) };
      },
      { x: { shape: [x.length], dtype: "float64" } },
    );
    const r = await program.run({ x });
    const wanted = functions[name];
    close(r.y.data, wanted.value, 1e-14, 1e-15);
    // In the tails 1 - tanh^2 cancels, and its last bit is multiplied by up to 70.
    close(r.first.data, wanted.first, 1e-13, 1e-14);
    close(r.second.data, wanted.second, 1e-12, 5e-14);
  });

  test("NaN stays NaN, and at 0 relu has slope 0", async () => {
    const program = compile(
      ({ x }) => ({ relu: nn.relu(x), leaky: nn.leakyRelu(x), elu: nn.elu(x), slope: grad(nn.relu(x).sum(), x) }),
      { x: [2] },
    );
    const r = await program.run({ x: [Number.NaN, 0] });
    for (const y of [r.relu, r.leaky, r.elu]) expect([...y.data]).toEqual([Number.NaN, 0]);
    expect(r.slope.data[1]).toBe(0);
  });
});

describe("a dense network against PyTorch", () => {
  const f = fixture("dense");
  const dtype: DType = "float64";
  const net = nn.sequential(
    nn.dense(3, 5, { dtype }),
    nn.tanh,
    nn.dense(5, 4, { dtype }),
    nn.relu,
    nn.dense(4, 2, { dtype }),
  );
  const names = ["w0", "b0", "w1", "b1", "w2", "b2"];
  Object.values(nn.parametersOf(net)).forEach((p, i) => {
    p.write(f.params[names[i]].flat());
  });
  const weights = net.children;
  const knobs = [0, 2, 4].flatMap((i) => [weights[i].parameters.weight, weights[i].parameters.bias]);

  test.each(["mse", "crossEntropy"] as const)("%s: output, loss, gradients, Hessian times a vector", async (kind) => {
    const x = float64(f.x);
    const output = net(x);
    const labels = tensor(f.labels, { dtype: "int32" });
    const loss = kind === "mse" ? nn.mse(output, float64(f.targets)) : nn.crossEntropy(output, labels);
    const g = grad(loss, knobs);
    const along = hvp(
      loss,
      knobs,
      names.map((name) => float64(f[kind].hessianVector.v[name])),
    );
    const named = (prefix: string, list: readonly Tensor[]) =>
      Object.fromEntries(list.map((t, i) => [prefix + names[i], t]));
    const program = compile(() => ({
      output,
      loss,
      gx: grad(loss, x),
      ...named("g.", g),
      ...named("h.", along),
    }));
    const r = (await program.run()) as Record<string, { data: ArrayLike<number> }>;
    close(r.output.data, f.output, 1e-13, 1e-15);
    close(r.loss.data, [f[kind].loss], 1e-13);
    close(r.gx.data, f[kind].gradX, 1e-12, 1e-15);
    for (const name of names) {
      close(r[`g.${name}`].data, f[kind].grads[name], 1e-12, 1e-15);
      close(r[`h.${name}`].data, f[kind].hessianVector.hvp[name], 1e-11, 1e-14);
    }
  });
});

describe("losses against PyTorch", () => {
  const { cases } = fixture("losses");
  type Loss = (p: Tensor, t: Tensor, o: { reduction: nn.Reduction }) => Tensor;
  const losses: Record<string, Loss> = {
    mse: nn.mse,
    l1: nn.mae,
    huber: nn.huber,
    crossEntropyLabels: nn.crossEntropy,
    crossEntropyProbabilities: nn.crossEntropy,
    bceWithLogits: nn.bceWithLogits,
  };
  test("every fixture has its loss", () => expect(Object.keys(cases).sort()).toEqual(Object.keys(losses).sort()));

  test.each(Object.entries(losses))("%s", async (name, f) => {
    for (const c of cases[name]) {
      const p = float64(c.prediction);
      const t = tensor(c.target, { dtype: name === "crossEntropyLabels" ? "int32" : "float64" });
      const loss = f(p, t, { reduction: c.reduction });
      const program = compile(() => ({ loss, each: f(p, t, { reduction: "none" }), g: grad(loss, p) }));
      const r = await program.run();
      const exact = c.exact ?? c;
      const absolute = c.exact ? 0 : 2e-15;
      close(r.loss.data, [exact.loss], 1e-13);
      close(r.each.data, exact.each, 1e-13, absolute);
      close(r.g.data, exact.grad, 1e-12, absolute);
    }
  });

  test("a label that is no class gives NaN, not a wrong number", async () => {
    const each = nn.crossEntropy(
      tensor([
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
      tensor([0, 2, -1], { dtype: "int32" }),
      { reduction: "none" },
    );
    const r = await compile(() => ({ each })).run();
    expect([...r.each.data].map(Number.isNaN)).toEqual([false, true, true]);
  });

  test("shapes that would broadcast are refused", () => {
    const [column, row] = [tensor([[1], [2]]), tensor([1, 2])];
    for (const f of [nn.mse, nn.mae, nn.huber, nn.bceWithLogits]) {
      expect(() => f(column, row)).toThrow(/the prediction is \[2,1\].* and the target \[2\]; they must be equal/);
    }
    expect(() => nn.crossEntropy(column, tensor([[0, 1]], { dtype: "int32" }))).toThrow(
      /take int32 labels \[2\], but \[1,2\] came/,
    );
  });
});

describe("models", () => {
  test("names, order, and each tied knob once", () => {
    const shared = nn.dense(4, 4);
    const net = nn.sequential(nn.dense(2, 4), nn.tanh, shared, nn.tanh, shared, nn.dense(4, 1, { bias: false }));
    const model = { net, scale: parameter([], 1) };
    const names = ["net.0.weight", "net.0.bias", "net.2.weight", "net.2.bias", "net.5.weight", "scale"];
    expect(Object.keys(nn.parametersOf(model))).toEqual(names);
    expect(nn.parametersOf(net)["2.weight"].name).toBe("2.weight");
    expect(net.name).toBe("sequential(dense(2, 4), tanh, dense(4, 4), tanh, dense(4, 4), dense(4, 1))");
  });

  test("a weight computed from knobs lists the knobs", () => {
    const free = parameter([3], 0, { name: "theta" });
    const made = nn.layer("positive", (x) => x.mul(free.exp()), { parameters: { weight: free.exp() } });
    expect(Object.values(nn.parametersOf(made)).map((p) => p.size)).toEqual([3]);
    expect(Object.keys(nn.parametersOf([made, free.exp().add(parameter([], 0, { name: "shift" }))]))).toEqual([
      "0.weight",
      "1.shift",
    ]);
  });

  test("what is no model is refused", () => {
    expect(() => nn.parametersOf({ f: ((x: Tensor) => x) as never })).toThrow(
      /model at f: expected a layer.*nn\.layer/,
    );
  });

  test("the same seed gives the same numbers, another seed others", () => {
    const [a, b] = [nn.sequential(nn.dense(3, 4)), nn.sequential(nn.dense(3, 4))];
    const values = (net: nn.Layer) => [...nn.parametersOf(net)["0.weight"].read()];
    nn.initialize(a, 7);
    nn.initialize(b, 7);
    expect(values(a)).toEqual(values(b));
    nn.initialize(b, 8);
    expect(values(a)).not.toEqual(values(b));
  });

  test("knobs that began with given values get them back", () => {
    const w = parameter(
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    );
    const found = nn.parametersOf({ w }).w;
    found.write([0, 0, 0, 0]);
    nn.initialize({ w }, 3);
    expect([...found.read()]).toEqual([1, 2, 3, 4]);
  });

  test("any leading axes", async () => {
    const net = nn.dense(2, 3, { init: nn.init.ones, biasInit: nn.init.constant(0.5) });
    const x = tensor([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    const r = await compile(() => ({ y: net(x), row: net(tensor([5, 6])) })).run();
    expect(r.y.toList()).toEqual([
      [
        [3.5, 3.5, 3.5],
        [7.5, 7.5, 7.5],
      ],
    ]);
    expect(r.row.toList()).toEqual([11.5, 11.5, 11.5]);
  });
});

describe("initializers", () => {
  const shape = [300, 200];
  const moments = (init: Parameters<typeof nn.dense>[2] & object) => {
    const [p] = Object.values(nn.parametersOf(nn.dense(300, 200, { ...init, bias: false })));
    p.draw(5, 0);
    const v = [...p.read()];
    const mean = v.reduce((s, x) => s + x, 0) / v.length;
    return {
      mean,
      variance: v.reduce((s, x) => s + (x - mean) ** 2, 0) / v.length,
      largest: Math.max(...v.map(Math.abs)),
    };
  };
  // 60,000 draws: the variance of the sample is known to 2 %, and the seed is fixed.
  test.each([
    ["glorotUniform", nn.init.glorotUniform, 2 / 500, Math.sqrt(6 / 500)],
    ["glorotNormal", nn.init.glorotNormal, 2 / 500, undefined],
    ["heUniform", nn.init.heUniform, 2 / 300, Math.sqrt(6 / 300)],
    ["heNormal", nn.init.heNormal, 2 / 300, undefined],
    ["uniform", nn.init.uniform(-2, 2), 16 / 12, 2],
    ["normal", nn.init.normal(0.5), 0.25, undefined],
  ])("%s", (_, init, variance, limit) => {
    const m = moments({ init });
    expect(Math.abs(m.mean)).toBeLessThan((4 * Math.sqrt(variance)) / Math.sqrt(shape[0] * shape[1]));
    expect(Math.abs(m.variance / variance - 1)).toBeLessThan(0.02);
    if (limit) {
      expect(m.largest).toBeLessThanOrEqual(Math.fround(limit));
      expect(m.largest).toBeGreaterThan(0.99 * limit);
    }
  });
});

describe("mistakes name the layer and the line", () => {
  test("inner sizes", () => {
    const head = nn.dense(128, 64);
    expect(() => head(tensor(new Float32Array(25600), { shape: [256, 100] }))).toThrow(
      /^matmul: inner sizes differ, \[256,100\] x \[128,64\] \(100 is not 128\); the weight was made by dense\(128, 64\) at nn\.test\.ts:\d+\.$/,
    );
  });

  test("element types", () => {
    expect(() => nn.dense(1, 1)(float64([[1]]))).toThrow(
      /float32 \[1,1\] \(made by dense\(1, 1\) at nn\.test\.ts:\d+\)/,
    );
  });

  test("sizes that are none", () => {
    expect(() => nn.dense(1.5, 2)).toThrow("dense(1.5, 2): both sizes must be whole numbers from 1.");
  });
});
