import { nn, parameter, weigh } from "pondus";
import { expect, test } from "vitest";

test("the 100-128-64-1 network has 21,249 knobs", () => {
  const { parameters, layers } = weigh(
    nn.sequential(nn.dense(100, 128), nn.relu, nn.dense(128, 64), nn.relu, nn.dense(64, 1)),
  );
  expect(parameters).toEqual({ total: 21249, trainable: 21249, frozen: 0 });
  expect(layers.map((l) => [l.path, l.name, l.parameters, l.formula])).toEqual([
    ["0", "dense(100, 128)", 12928, "100 x 128 + 128"],
    ["2", "dense(128, 64)", 8256, "128 x 64 + 64"],
    ["4", "dense(64, 1)", 65, "64 x 1 + 1"],
  ]);
});

test("a tied layer is counted where it first stands", () => {
  const shared = nn.dense(8, 8);
  const { parameters, layers } = weigh(nn.sequential(shared, nn.tanh, shared, nn.dense(8, 1)));
  expect(parameters.total).toBe(72 + 9);
  expect(layers.map((l) => l.parameters)).toEqual([72, 0, 9]);
  expect(layers[1].formula).toBe("0, all shared");
  expect(layers[1].tensors.map((t) => [t.name, t.sharedWith])).toEqual([
    ["2.weight", "0.weight"],
    ["2.bias", "0.bias"],
  ]);
});

test("frozen knobs stand apart, loose ones together", () => {
  const scale = parameter([3], 1, { trainable: false });
  const { parameters, layers } = weigh({ a: parameter([], 0), scale, net: nn.dense(2, 1, { bias: false }) });
  expect(parameters).toEqual({ total: 6, trainable: 3, frozen: 3 });
  expect(layers.map((l) => [l.path, l.name, l.formula])).toEqual([
    ["", "a, scale", "1 + 3"],
    ["net", "dense(2, 1)", "2 x 1"],
  ]);
});

test("what a layer computes from knobs is counted by its knobs", () => {
  const half = parameter([2, 2], 0);
  const symmetric = half.add(half.T);
  expect(weigh(symmetric).parameters.total).toBe(4);
});
