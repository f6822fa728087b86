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
    const together = nn.dense(inputs, outputs, { members, ...float64 });
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
  const [net, one] = [nn.dense(30, 20, { members: 4, ...options }), nn.dense(30, 20, options)];
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
    layers: [{ name: "dense(30, 20, 4 members)", formula: "4 x 30 x 20 + 4 x 20" }],
  });
});

test("what does not fit is said with what would", () => {
  const net = nn.dense(4, 2, { members: 3 });
  expect(() => net(tensor([[1, 2, 3, 4]]))).toThrow(
    /^dense\(4, 2, 3 members\): takes \[3,4\] or \[3,batch,4\], but \[1,4\]/,
  );
  expect(() => nn.dense(4, 2, { members: 0 })).toThrow("sizes and members must be whole numbers from 1");
});
