import fc from "fast-check";
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

/** L layers of n units on n inputs, and one output. */
function stack(layers: number, width: number, activation = nn.tanh): nn.Layer {
  const all = Array.from({ length: layers }, () => [nn.dense(width, width), activation]).flat();
  return nn.sequential(...all, nn.dense(width, 1));
}

/** Arrays begin at multiples of 64 bytes. */
const padded = (numbers: number) => Math.ceil((4 * numbers) / 64) * 64;

const sizes = fc.record({
  layers: fc.integer({ min: 2, max: 64 }),
  width: fc.integer({ min: 16, max: 512 }),
  batch: fc.integer({ min: 1, max: 1024 }),
  activation: fc.constantFrom(nn.tanh, nn.relu, nn.sigmoid),
});

test("training keeps L x B x n values and the batch, exactly", { timeout: 300_000 }, () => {
  fc.assert(
    fc.property(sizes, ({ layers, width, batch, activation }) => {
      const { training } = weigh(stack(layers, width, activation), { batch });
      const [input, ...kept] = training?.activations ?? [];
      expect(input).toMatchObject({ what: "x", shape: [batch, width] });
      // The batch is last where that fills vectors better.
      const sizes = (shape: readonly number[]) => [...shape].sort((a, b) => a - b);
      expect(kept.map(({ layer, shape }) => [layer, sizes(shape)])).toEqual(
        Array.from({ length: layers }, (_, i) => [String(2 * i + 1), sizes([batch, width])]),
      );
      expect(training?.activationBytes).toBe(4 * (layers * batch * width + batch * width));
    }),
    { numRuns: 15, seed: 1 },
  );
});

test("inference takes the parameters, two neighbouring activations and the copies that products want", {
  timeout: 300_000,
}, () => {
  fc.assert(
    fc.property(sizes, ({ layers, width, batch, activation }) => {
      const net = stack(layers, width, activation);
      const { inference } = weigh(net, { batch });
      if (!inference) throw new Error("no price");
      const knobs = Object.values(nn.parametersOf(net)).reduce((sum, p) => sum + padded(p.size), 0);
      const { terms } = inference.peak;
      expect(terms.parameters).toBe(knobs);
      expect(inference.peakBytes).toBe(Object.values(terms).reduce((sum, bytes) => sum + bytes, 0));
      expect(inference.peakBytes - terms.workspace - terms.gaps - knobs).toBeLessThanOrEqual(2 * padded(batch * width));
    }),
    { numRuns: 15, seed: 2 },
  );
});

test("what is planned is what a program takes", async () => {
  const net = nn.sequential(nn.dense(100, 128), nn.relu, nn.dense(128, 64), nn.relu, nn.dense(64, 1));
  const priced = weigh(net, { batch: 256 });
  expect(priced.training?.timeline.every((m) => m.liveBytes <= (priced.training?.peakBytes as number))).toBe(true);
  expect(priced.hessian).toMatchObject({ float64Bytes: 3612160008, entries: 21249 ** 2 });
  const products = 2 * 256 * (100 * 128 + 128 * 64 + 64);
  expect(priced.flops?.forward).toBeGreaterThan(products);
  expect(priced.flops?.forward).toBeLessThan(1.05 * products);
  // No gradient of the batch itself is wanted.
  const back = 2 * products - 2 * 256 * 100 * 128;
  expect(priced.flops?.backward).toBeGreaterThan(back);
  expect(priced.flops?.backward).toBeLessThan(1.05 * back);
});

test("a network of 10^9 knobs is weighed by its shapes alone", () => {
  const before = process.memoryUsage().rss;
  const { parameters, hessian, training } = weigh(nn.sequential(nn.dense(31_622, 31_622), nn.tanh), { batch: 8 });
  expect(parameters.total).toBe(31_622 ** 2 + 31_622);
  expect(hessian.affordable).toBe(false);
  expect(training?.optimizerBytes).toBe(8 * parameters.total + 4);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
});

test("checkpoints make the memory of a deep stack grow as the root of its depth", { timeout: 300_000 }, () => {
  const width = 32;
  const batch = 64;
  const price = (root: number) => {
    const pieces = Array.from({ length: root }, () =>
      nn.checkpoint(nn.sequential(...Array.from({ length: root }, () => [nn.dense(width, width), nn.tanh]).flat())),
    );
    return weigh(nn.sequential(...pieces, nn.dense(width, 1)), { batch });
  };
  for (const root of [3, 5, 8]) {
    const [plain, checkpointed] = [weigh(stack(root ** 2, width), { batch }), price(root)];
    const rest = 12 * checkpointed.parameters.total;
    const kept = ((checkpointed.training?.peakBytes as number) - rest) / (4 * batch * width);
    expect(kept).toBeGreaterThan(2 * root - 2);
    expect(kept).toBeLessThan(2 * root + 5);
    // One more forward pass through the pieces, which are nearly all of it.
    const [a, b] = [plain.flops, checkpointed.flops];
    const again = (b?.backward as number) - (a?.backward as number);
    expect(again / (a?.forward as number)).toBeGreaterThan(0.9);
    expect(again / (a?.forward as number)).toBeLessThan(1);
    expect(b?.forward).toBe(a?.forward);
  }
});

test("a model that is no layer is weighed when it is said how it runs", () => {
  const model = { rate: nn.sequential(nn.dense(1, 8), nn.tanh, nn.dense(8, 1)), start: parameter([1], 1) };
  expect(weigh(model).training).toBeUndefined();
  const { training, parameters } = weigh(model, { batch: 4, input: [1], apply: (x) => model.rate(x).add(model.start) });
  expect(training?.parameterBytes).toBe(4 * parameters.total);
  expect(weigh(nn.dense(2, 2), { batch: 3 }).inference?.parameterBytes).toBe(24);
  expect(() => weigh(nn.dense(2, 2), { batch: 0 })).toThrow(/whole number from 1/);
});
