import { compile, type DType, grad, nn, optim, type PondusError, parameter, type Tensor, tensor, weigh } from "pondus";
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
    expect(r.tied.data).toEqual(r.free.data);
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
