import { compile, grad, nn, type Tensor, tensor, weigh } from "pondus";
import { expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

const [members, batch, inputs, outputs] = [3, 5, 4, 2];
const float64 = { dtype: "float64" } as const;

/** Numbers without any pattern that a mistake could share. */
const some = (count: number, from: number) => Array.from({ length: count }, (_, i) => Math.sin(from + 1.7 * i));

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), a.length === b.length ? 0 : Infinity);

onEveryBackend((backend) => {
  test.each([
    ["[members, inputs]", [members, inputs]],
    ["[members, batch, inputs]", [members, batch, inputs]],
  ] as const)("members of a dense layer are layers of their own, %s: values and gradients", async (_, shape) => {
    const together = nn.ensemble(members, nn.dense(inputs, outputs, float64));
    const apart = Array.from({ length: members }, () => nn.dense(inputs, outputs, float64));
    const { weight, bias } = nn.weightsOf(together);
    weight.write(some(weight.size, 1));
    bias.write(some(bias.size, 2));
    for (const [m, layer] of apart.entries()) {
      const own = nn.weightsOf(layer);
      own.weight.write(weight.read().slice(m * own.weight.size, (m + 1) * own.weight.size));
      own.bias.write(bias.read().slice(m * own.bias.size, (m + 1) * own.bias.size));
    }
    const x = tensor(
      some(
        shape.reduce((n, k) => n * k),
        3,
      ),
      float64,
    ).reshape(shape);
    const of = (ys: Tensor) => ys.square().sum();
    const y = together(x);
    const ys = apart.map((layer, m) => layer(x.at(m)));
    const { parameters } = together;
    const all = await compile(
      () => ({ y, x: grad(of(y), x), w: grad(of(y), parameters.weight), b: grad(of(y), parameters.bias) }),
      {},
      { backend },
    ).run();
    for (const [m, layer] of apart.entries()) {
      const one = await compile(
        () => ({
          y: ys[m],
          x: grad(of(ys[m]), x).at(m),
          w: grad(of(ys[m]), layer.parameters.weight),
          b: grad(of(ys[m]), layer.parameters.bias),
        }),
        {},
        { backend },
      ).run();
      for (const name of ["y", "x", "w", "b"] as const) {
        const size = one[name].data.length;
        expect(largestDifference(all[name].data.slice(m * size, (m + 1) * size), one[name].data)).toBeLessThan(1e-12);
      }
    }
  });
});

test("each member is drawn as a layer by itself, the first like a single one; all are counted", () => {
  const options = { biasInit: nn.init.normal() };
  const [net, one] = [nn.ensemble(4, nn.dense(30, 20, options)), nn.dense(30, 20, options)];
  for (const layer of [net, one]) nn.initialize(layer, 7);
  const [all, single] = [nn.weightsOf(net), nn.weightsOf(one)];
  const limit = Math.sqrt(6 / 50);
  for (const name of ["weight", "bias"] as const) {
    const { size } = single[name];
    const parts = [0, 1, 2, 3].map((m) => all[name].read().slice(m * size, (m + 1) * size));
    expect(parts[0]).toEqual(single[name].read());
    expect(new Set(parts.map((part) => part[0])).size).toBe(4);
    if (name === "weight") for (const part of parts) expect(Math.max(...part)).toBeCloseTo(limit, 2);
  }
  expect(weigh(net)).toMatchObject({
    parameters: { total: 4 * (30 * 20 + 20) },
    layers: [{ name: "ensemble(4, dense(30, 20))", formula: "4 x 30 x 20 + 4 x 20" }],
  });
});

test("what does not fit is said with what would", () => {
  const net = nn.ensemble(3, nn.dense(4, 2));
  expect(() => net(tensor([[1, 2, 3, 4]]))).toThrow(
    /^ensemble\(3, dense\(4, 2\)\): takes one input for each member, \[3,...\], but \[1,4\]/,
  );
  expect(() => nn.ensemble(0, nn.dense(4, 2))).toThrow("must be a whole number from 1");
  const bounded = nn.dense(4, 2);
  nn.positive(bounded.parameters.weight);
  expect(() => nn.ensemble(2, bounded)).toThrow("constrain the ensemble's weights instead");
});

test("any model is one of many: names are those of its own, weights that stand twice do so in the ensemble", async () => {
  const shared = nn.dense(3, 3, float64);
  const one = nn.sequential(shared, nn.tanh, nn.layerNorm(3, { dtype: "float64" }), shared);
  const all = nn.ensemble(2, one);
  nn.initialize(all, 1);
  const weights = nn.weightsOf(all);
  expect(Object.keys(weights)).toEqual(Object.keys(nn.weightsOf(one)));
  const x = tensor(some(6, 3), float64).reshape([2, 3]);
  const y = await compile(() => ({ y: all(x), g: grad(all(x).square().sum(), nn.knobsOf(all)["0.weight"]) })).run();
  for (let m = 0; m < 2; m++) {
    for (const [name, own] of Object.entries(nn.weightsOf(one))) {
      own.write(weights[name].read().slice(m * own.size, (m + 1) * own.size));
    }
    const single = await compile(() => {
      const y = one(x.at(m));
      return { y, g: grad(y.square().sum(), shared.parameters.weight) };
    }).run();
    for (const name of ["y", "g"] as const) {
      const size = single[name].data.length;
      expect(largestDifference(y[name].data.slice(m * size, (m + 1) * size), single[name].data)).toBeLessThan(1e-12);
    }
  }
});
