import { compile, nn, random } from "pondus";
import { describe, expect, test } from "vitest";
import { difference } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";
import { casesOf, compareWithPyTorch, layerOf, layersCompared, tensorOf } from "../support/pytorch-layers.ts";

const convolutions = ["conv1d", "conv2d", "conv3d", "convTranspose1d", "convTranspose2d", "convTranspose3d"];
const pools = [
  "maxPool1d",
  "maxPool2d",
  "maxPool3d",
  "averagePool1d",
  "averagePool2d",
  "averagePool3d",
  "globalMaxPool1d",
  "globalMaxPool2d",
  "globalAveragePool1d",
  "globalAveragePool2d",
];

onEveryBackend((backend) => {
  test.each(casesOf(...convolutions, ...pools))("%s", async (_, c) => {
    await compareWithPyTorch(c, backend);
  });

  describe("batch norm", () => {
    test.each(casesOf("batchNorm"))("%s: output and gradients", async (_, c) => {
      await compareWithPyTorch(c, backend, (layer, { x }) => {
        if (!c.training) return nn.evaluation(() => layer(x));
        return nn.training(random.key(1), () => layer(x)).value;
      });
    });

    test.each(casesOf("batchNorm"))("%s: running statistics", async (_, c) => {
      const layer = layerOf(c);
      const { updates } = nn.training(random.key(1), () => (c.training ? layer(tensorOf(c.inputs.x)) : undefined));
      const weights = nn.weightsOf(layer);
      if (!c.training) {
        expect(updates).toEqual([]);
        for (const [name, w] of Object.entries(c.after!)) expect([...weights[name].read()]).toEqual(w.values);
        return;
      }
      const nameOf = new Map(Object.entries(weights).map(([name, weight]) => [weight, name]));
      const next = Object.fromEntries(updates.map(({ parameter, value }) => [nameOf.get(parameter)!, value]));
      expect(Object.keys(next).sort()).toEqual(Object.keys(c.after!).sort());
      const r = await compile(() => next, {}, { backend }).run();
      for (const [name, w] of Object.entries(c.after!)) {
        expect(difference(r[name], w.values as number[]), name).toBeUndefined();
      }
    });
  });
});

test("every layer that PyTorch was asked about is compared, here or beside", () => {
  expect([...layersCompared].sort()).toEqual(
    [
      ...convolutions,
      ...pools,
      "batchNorm",
      "embedding",
      "layerNorm",
      "rmsNorm",
      "groupNorm",
      "instanceNorm",
      "attention",
    ].sort(),
  );
});
