import { compile, type DType, grad, nn, type PondusError, parameter, type Tensor, tensor, weigh } from "pondus";
import { describe, expect, test } from "vitest";

const codeOf = (f: () => unknown): string | undefined => {
  try {
    f();
  } catch (error) {
    return (error as PondusError).code;
  }
  return undefined;
};
const valuesOf = async (x: Tensor) => [...(await compile(() => ({ x })).run()).x.data];
const float64 = (values: unknown) => tensor(values as number[], { dtype: "float64" });

/** A network of two layers with given weights, in float64. */
function network(dtype: DType = "float64") {
  const net = nn.sequential(nn.dense(5, 4, { dtype }), nn.tanh, nn.dense(4, 1, { dtype }));
  nn.initialize(net, 3);
  return net;
}
const weightOf = (net: nn.Layer, i: number) => net.children[i].parameters.weight;

describe("a tie", () => {
  test("a number that the weight's type cannot hold is no value to freeze at", () => {
    expect(() => nn.freeze(parameter([3], 0), [[0]], 1e300)).toThrow(/frozen at 1e\+300, which float32 cannot hold/);
  });

  test("of two entries makes them one knob, with the first one's value", async () => {
    const w = parameter([2, 2], [1, 2, 3, 4]);
    nn.tie(w, [
      [0, 1],
      [1, 0],
    ]);
    expect(await valuesOf(w)).toEqual([1, 2, 2, 4]);
    expect(Object.values(nn.parametersOf({ w })).map((p) => [p.name, [...p.read()]])).toEqual([
      ["parameter", [1, 2, 4]],
    ]);
  });

  test("like a convolution: a dense layer under a Toeplitz tie, zero off the band, is one", async () => {
    const [n, taps] = [8, 3];
    const conv = nn.dense(n, n - taps + 1, { bias: false });
    const w = conv.parameters.weight;
    nn.tie(w, nn.toeplitz);
    nn.freeze(w, ([i, j]) => i < j || i >= j + taps, 0);
    const { knobs } = nn.constraintOf(w) as nn.WeightConstraint;
    expect(knobs?.shape).toEqual([taps]);
    // Groups are numbered by first entries: [0, 0], [1, 0], [2, 0].
    const kernel = [2, -3, 5];
    nn.parametersOf(conv).weight.write(kernel);
    const x = Array.from({ length: n }, (_, i) => (i * i) % 7);
    const { y } = await compile(() => ({ y: conv(tensor(x)) })).run();
    const wanted = Array.from({ length: n - taps + 1 }, (_, j) => kernel.reduce((s, k, t) => s + k * x[j + t], 0));
    expect([...y.data]).toEqual(wanted);
  });

  test.each([
    ["toeplitz", nn.toeplitz, [4, 5], 8],
    ["circulant", nn.circulant, [4, 4], 4],
    ["symmetric", nn.symmetric, [4, 4], 10],
    ["sharedRows", nn.sharedRows, [4, 5], 5],
    ["sharedColumns", nn.sharedColumns, [4, 5], 4],
    ["blockEqual", nn.blockEqual(2, 3), [4, 5], 4],
    ["a function", ([i, j]: number[]) => (i === j ? "diagonal" : undefined), [4, 4], 13],
    ["everything", () => 0, [4, 5], 1],
  ] as const)("%s: so many knobs, and the pattern in every entry", async (_, pattern, shape, knobs) => {
    const [m, n] = shape;
    const w = parameter(shape, (random) => () => random.normal());
    nn.tie(w, pattern);
    expect(weigh({ w }).parameters).toEqual({ total: knobs, trainable: knobs, frozen: 0 });
    const values = await valuesOf(w);
    const seen = new Map<unknown, number>();
    let alone = 0;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const key = (pattern as nn.Pattern)([i, j], shape);
        if (key === undefined) alone++;
        else if (seen.has(key)) expect(values[i * n + j]).toBe(seen.get(key));
        else seen.set(key, values[i * n + j]);
      }
    }
    expect(seen.size + alone).toBe(knobs);
    expect([...nn.weightsOf({ w }).w.read()]).toEqual(values);
  });

  test.each([
    ["toeplitz", nn.toeplitz],
    ["random pairs", ([i, j]: number[]) => ((i * 4 + j) * 7) % 10],
    ["shared columns", nn.sharedColumns],
    ["blocks", nn.blockEqual(5, 2)],
    ["one knob", () => 0],
  ] as const)("%s: outputs are the untied net's, gradients the sums of its", async (_, pattern) => {
    const [tied, free] = [network(), network()];
    nn.tie(weightOf(tied, 0), pattern);
    nn.weightsOf(free)["0.weight"].write(nn.weightsOf(tied)["0.weight"].read());
    const x = float64([
      [0.3, -1, 2, 0.1, 0.7],
      [1, 0.5, -0.4, 2, -1],
    ]);
    const { knobs, groups } = nn.constraintOf(weightOf(tied, 0)) as nn.WeightConstraint;
    const lossOf = (net: nn.Layer) => net(x).square().sum();
    const program = compile(() => ({
      tied: tied(x),
      free: free(x),
      loss: lossOf(tied),
      of: grad(lossOf(tied), knobs as Tensor),
      each: grad(lossOf(free), weightOf(free, 0)),
    }));
    const r = await program.run();
    // A product with one knob everywhere is made once and spread, with its sum in another order.
    r.tied.data.forEach((y, k) => expect(Math.abs(y - r.free.data[k])).toBeLessThan(1e-14 * Math.max(1, Math.abs(y))));
    const at = (entry: readonly number[]) => r.each.data[entry[0] * 4 + entry[1]];
    const sums = groups.map((g) => g.entries.reduce((s, e) => s + at(e), 0));
    sums.forEach((s, k) => expect(Math.abs(r.of.data[k] - s)).toBeLessThan(1e-13 * Math.max(1, Math.abs(s))));
    const p = nn.parametersOf(tied)["0.weight"];
    const start = [...p.read()];
    for (let k = 0; k < start.length; k++) {
      const h = 1e-5;
      const moved = async (by: number) => {
        p.write(start.map((v, i) => (i === k ? v + by : v)));
        return (await program.run()).loss.item();
      };
      const difference = ((await moved(h)) - (await moved(-h))) / (2 * h);
      expect(Math.abs(difference - r.of.data[k])).toBeLessThan(1e-7 * Math.max(1, Math.abs(difference)));
    }
  });

  test("biases of the tied net are drawn as the untied one's", () => {
    const [tied, free] = [network(), network()];
    nn.tie(weightOf(tied, 0), nn.toeplitz);
    nn.freeze(weightOf(tied, 0), [[0, 0]], 0);
    nn.initialize(tied, 9);
    nn.initialize(free, 9);
    expect(nn.weightsOf(tied)["2.weight"].read()).toEqual(nn.weightsOf(free)["2.weight"].read());
    expect(nn.weightsOf(tied)["0.weight"].read()[1]).toBe(nn.weightsOf(free)["0.weight"].read()[1]);
  });
});

describe("freezing and bounding", () => {
  test("a frozen entry freezes what is tied to it; fully frozen is a parameter that is not trained", async () => {
    const w = parameter([2, 2], [1, 2, 3, 4]);
    nn.freeze(w, [[1, 1]], 7);
    nn.tie(w, [
      [1, 1],
      [0, 0],
    ]);
    expect(await valuesOf(w)).toEqual([7, 2, 3, 7]);
    expect(weigh({ w }).parameters).toEqual({ total: 3, trainable: 2, frozen: 1 });
    const all = parameter([2, 2], [1, 2, 3, 4]);
    nn.freeze(all);
    expect(nn.parametersOf({ all }).all).toMatchObject({ shape: [2, 2], trainable: false });
    expect(all.node.op).toBe("parameter");
  });

  test("a bound alone needs no index map, and keeps values to rounding", async () => {
    const values = [0.1, 0.5, 0.999, 0.25, 0.75, 1e-6];
    const w = parameter([2, 3], values);
    nn.bound(w, [0, 1]);
    const ops = new Set<string>();
    const visit = (node: Tensor["node"]) => {
      ops.add(node.op);
      node.inputs.forEach(visit);
    };
    visit(w.node);
    expect(ops.has("gather")).toBe(false);
    (await valuesOf(w)).forEach((v, i) => expect(Math.abs(v - values[i])).toBeLessThan(2 ** -22));
  });

  test.each([
    [
      [0, 1],
      [0.3, 0.9, 0.001],
    ],
    [
      [-2, 5],
      [-1.9, 4.9, 0],
    ],
    [
      [1, Number.POSITIVE_INFINITY],
      [1.5, 4, 10],
    ],
    [
      [Number.NEGATIVE_INFINITY, -1],
      [-1.25, -3, -10],
    ],
  ] as const)("%j: gradients against differences, float64", async (interval, values) => {
    const w = parameter([3], values, { dtype: "float64" });
    nn.bound(w, interval);
    const { knobs } = nn.constraintOf(w) as nn.WeightConstraint;
    const loss = w.square().sum();
    const program = compile(() => ({ w, loss, g: grad(loss, knobs as Tensor) }));
    const r = await program.run();
    values.forEach((v, i) => expect(Math.abs(r.w.data[i] - v)).toBeLessThan(1e-13 * Math.max(1, Math.abs(v))));
    const p = nn.parametersOf({ w }).w;
    const start = [...p.read()];
    for (let k = 0; k < 3; k++) {
      const at = async (by: number) => {
        p.write(start.map((x, i) => (i === k ? x + by : x)));
        return (await program.run()).loss.item();
      };
      const difference = ((await at(1e-5)) - (await at(-1e-5))) / 2e-5;
      expect(Math.abs(difference - r.g.data[k])).toBeLessThan(1e-6 * Math.max(1, Math.abs(difference)));
    }
  });

  test("however far a knob goes, float32 rounding never leaves the interval; a bound that float32 lacks is rounded inwards", async () => {
    const bounds = { lower: 0.1, upper: 0.7 };
    const w = parameter([4], 0.3);
    nn.bound(w, [bounds.lower, bounds.upper]);
    nn.parametersOf({ w }).w.write([-1e30, -17, 17, 1e30]);
    for (const v of [...(await valuesOf(w)), ...nn.weightsOf({ w }).w.read()]) {
      expect(v >= bounds.lower && v <= bounds.upper, String(v)).toBe(true);
    }
    const p = parameter([2], [0.5, 3]);
    nn.positive(p);
    nn.parametersOf({ p }).p.write([-1e30, -200]);
    for (const v of await valuesOf(p)) expect(v).toBeGreaterThan(0);
  });

  test("values that chance chose are brought inside, others are refused", () => {
    const drawn = nn.dense(3, 3);
    nn.initialize(drawn, 0);
    nn.bound(drawn.parameters.weight, [0, 1]);
    for (const v of nn.weightsOf(drawn).weight.read()) expect(v >= 0 && v <= 1).toBe(true);
    expect(codeOf(() => nn.bound(parameter([2], [0.5, 2]), [0, 1]))).toBe("constraint.value");
  });

  test("initialize leaves frozen values, brings others inside, and draws what was frozen before it was drawn", () => {
    const make = () => {
      const net = nn.dense(4, 4);
      const w = net.parameters.weight;
      nn.bound(w, [0, 1], ([i]) => i === 0);
      nn.freeze(w, [[1, 1]], 5);
      nn.freeze(w, [[2, 2]]);
      return net;
    };
    const [net, other, free] = [make(), make(), nn.dense(4, 4)];
    for (const x of [net, other, free]) nn.initialize(x, 11);
    const [a, b, plain] = [net, other, free].map((x) => [...nn.weightsOf(x).weight.read()]);
    expect(a).toEqual(b);
    expect(a[5]).toBe(5);
    expect(a[10]).toBe(plain[10]);
    expect(a[15]).toBe(plain[15]);
    const kept = nn.dense(2, 2);
    nn.initialize(kept, 1);
    nn.freeze(kept.parameters.weight, [[0, 0]]);
    const before = nn.weightsOf(kept).weight.read()[0];
    nn.initialize(kept, 2);
    expect(nn.weightsOf(kept).weight.read()[0]).toBe(before);
  });

  test("scalars and biases too", async () => {
    const scale = parameter([], 2, { dtype: "float64" });
    nn.bound(scale, [1, 3]);
    const [v] = await valuesOf(scale);
    expect(Math.abs(v - 2)).toBeLessThan(1e-14);
    const b = parameter([3], [1, 2, 3]);
    nn.tie(b, [[0], [-1]]);
    expect(await valuesOf(b)).toEqual([1, 2, 1]);
  });
});

describe("mistakes", () => {
  const w = () => parameter([2, 2], [1, 2, 3, 4]);
  const both = (f: (w: Tensor) => unknown, g: (w: Tensor) => unknown) => () => {
    const x = w();
    f(x);
    g(x);
  };
  const diagonal: nn.EntryIndex[] = [
    [0, 0],
    [1, 1],
  ];
  test.each([
    ["not a parameter", () => nn.tie(w().mul(2), diagonal), "constraint.weight"],
    ["whole numbers", () => nn.freeze(parameter([2], 0, { dtype: "int32" })), "constraint.weight"],
    [
      "no such entry",
      () =>
        nn.tie(w(), [
          [0, 0],
          [2, 0],
        ]),
      "constraint.entry",
    ],
    ["an entry of another rank", () => nn.freeze(w(), [[1]]), "constraint.entry"],
    [
      "frozen at two values",
      both(
        (x) => nn.freeze(x, diagonal, [1, 2]),
        (x) => nn.tie(x, diagonal),
      ),
      "constraint.frozen",
    ],
    [
      "frozen again elsewhere",
      both(
        (x) => nn.freeze(x, "all", 1),
        (x) => nn.freeze(x, [[0, 1]], 2),
      ),
      "constraint.frozen",
    ],
    [
      "no common interval",
      both(
        (x) => nn.bound(x, [0, 1.5], [[0, 0]]),
        (x) => {
          nn.bound(x, [2, 4], [[1, 1]]);
          nn.tie(x, diagonal);
        },
      ),
      "constraint.bounds",
    ],
    ["an empty interval", () => nn.bound(w(), [1, 0]), "constraint.bounds"],
    [
      "frozen outside bounds",
      both(
        (x) => nn.bound(x, [0, 9]),
        (x) => nn.freeze(x, diagonal, 10),
      ),
      "constraint.value",
    ],
    ["frozen at no number", () => nn.freeze(w(), "all", Number.NaN), "constraint.value"],
    ["too few values", () => nn.freeze(w(), diagonal, [1]), "constraint.value"],
    ["a value outside", () => nn.bound(w(), [0, 3]), "constraint.value"],
    ["a pattern of matrices", () => nn.tie(parameter([3], 0), nn.toeplitz), "constraint.pattern"],
    ["a block of another rank", () => nn.tie(w(), nn.blockEqual(2)), "constraint.pattern"],
    [
      "values that break a tie",
      both(
        (x) => nn.tie(x, diagonal),
        (x) => nn.weightsOf({ x }).x.write([1, 2, 3, 4]),
      ),
      "constraint.broken",
    ],
  ])("%s", (_, f, code) => expect(codeOf(f)).toBe(code));

  test("name the entry", () => {
    expect(() => nn.bound(nn.tie(w(), diagonal), [0, 2.5])).toThrow(/entry \[1, 0\] is 3, outside \[0, 2\.5\]/);
  });

  test("a refused constraint leaves the weight as it was", async () => {
    const x = w();
    nn.tie(x, diagonal);
    expect(codeOf(() => nn.bound(x, [0, 2]))).toBe("constraint.value");
    expect(await valuesOf(x)).toEqual([1, 2, 3, 1]);
  });

  test("a graph from before the constraint is refused, when it is compiled and when it runs", async () => {
    const net = nn.dense(2, 2);
    const y = net(tensor([1, 2]));
    const program = compile(() => ({ y }));
    await program.run();
    nn.tie(net.parameters.weight, nn.symmetric);
    expect(codeOf(() => compile(() => ({ y })))).toBe("parameter.constrained");
    await expect(program.run()).rejects.toThrow(/constrain a model before you build the loss/);
    const once = net(tensor([1, 2]));
    nn.freeze(net.parameters.weight, [[0, 0]]);
    expect(codeOf(() => compile(() => ({ once })))).toBe("parameter.constrained");
    await compile(() => ({ y: net(tensor([1, 2])) })).run();
  });
});

describe("weigh", () => {
  test("counts each knob once, and says for how many entries", () => {
    const net = nn.sequential(nn.dense(100, 128), nn.relu, nn.dense(128, 64), nn.relu, nn.dense(64, 1));
    nn.tie(weightOf(net, 0), nn.toeplitz);
    nn.freeze(weightOf(net, 2), ([i, j]) => i === j, 0);
    nn.bound(weightOf(net, 4), [-1, 1]);
    const { parameters, layers } = weigh(net);
    expect(parameters).toEqual({ total: 227 + 128 + 8192 + 64 + 64 + 1, trainable: 8676 - 64, frozen: 64 });
    expect(layers.map((l) => l.formula)).toEqual([
      "(227 for 100 x 128) + 128",
      "(8128 + 64 frozen for 128 x 64) + 64",
      "(64 for 64 x 1) + 1",
    ]);
    expect(layers.map((l) => l.tensors[0].weight?.constraint)).toEqual([
      "12,800 entries, 227 knobs",
      "8,192 entries, 8,128 knobs, 64 frozen",
      "64 entries, 64 knobs, 64 bounded",
    ]);
    expect(layers[1].tensors.map((t) => [t.name, t.trainable])).toEqual([
      ["2.weight", true],
      ["2.weight.frozen", false],
      ["2.bias", true],
    ]);
  });

  test("a constrained layer that stands twice is counted once", () => {
    const shared = nn.dense(4, 4);
    nn.tie(shared.parameters.weight, nn.circulant);
    const { parameters, layers } = weigh(nn.sequential(shared, nn.tanh, shared));
    expect(parameters.total).toBe(8);
    expect(layers[1].formula).toBe("0, all shared");
  });
});
