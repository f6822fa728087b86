import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { compile, grad, nn, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/loss_options.json"), "utf8"));
const float64 = (values: number[]) => tensor(values, { dtype: "float64" });

type Loss = (p: Tensor, t: Tensor, options: object, variance?: Tensor) => Tensor;
const losses: { readonly [name: string]: Loss } = {
  crossEntropy: nn.crossEntropy,
  crossEntropyShares: nn.crossEntropy,
  nll: nn.nll,
  kl: nn.kl,
  bce: nn.bce,
  bceWithLogits: nn.bceWithLogits,
  gaussianNll: (p, t, options, variance) => nn.gaussianNll(p, t, variance as Tensor, options),
  hinge: nn.hinge,
};

function near(got: ArrayLike<number>, wanted: unknown): void {
  const list = [wanted].flat(9) as number[];
  expect(got).toHaveLength(list.length);
  list.forEach((w, i) => void expect(Math.abs(got[i] - w)).toBeLessThanOrEqual(1e-13 + 1e-11 * Math.abs(w)));
}

describe("losses with options, against PyTorch", () => {
  test("every fixture has its loss", () => expect(Object.keys(cases)).toEqual(Object.keys(losses)));

  test.each(Object.entries(losses))("%s", async (name, f) => {
    for (const c of cases[name]) {
      const p = float64(c.prediction);
      const t = tensor(c.target, { dtype: ["crossEntropy", "nll"].includes(name) ? "int32" : "float64" });
      const variance = c.variance && float64(c.variance);
      const tensors = Object.fromEntries(
        Object.entries(c.options).map(([key, x]) => [key, Array.isArray(x) ? float64(x) : x]),
      );
      const loss = f(p, t, tensors, variance);
      const outputs = { loss, g: grad(loss.sum(), p), ...(variance && { v: grad(loss.sum(), variance) }) };
      const r = await compile(() => outputs, {}, { backend: "reference" }).run();
      near(r.loss.data, c.loss);
      near(r.g.data, c.grad);
      if (variance) near(r.v.data, c.varianceGrad);
    }
  });
});

test("logSoftmax and crossEntropy do not change when a number is added to all logits", async () => {
  const program = compile(
    ({ x, shift }) => {
      const moved = x.add(shift);
      const label = tensor(1, { dtype: "int32" });
      return {
        logs: x.logSoftmax(),
        moved: moved.logSoftmax(),
        loss: nn.crossEntropy(x, label),
        same: nn.crossEntropy(moved, label),
      };
    },
    { x: [4], shift: [] },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 4, maxLength: 4 }),
      fc.integer({ min: -(2 ** 17), max: 2 ** 17 }),
      async (eighths, shift) => {
        // Eighths beside whole numbers below 2^17 are exact in float32.
        const r = await program.run({ x: eighths.map((n) => n / 8), shift });
        expect(r.moved.data).toEqual(r.logs.data);
        expect(r.same.data).toEqual(r.loss.data);
      },
    ),
    { seed: 3, numRuns: 50 },
  );
});

test("a logarithm of a small probability keeps its digits beside large logits", async () => {
  const { y } = await compile(() => ({ y: tensor([1e4, 1e4 + 1]).logSoftmax() })).run();
  const exact = [-Math.log(1 + Math.E), -Math.log(1 + Math.exp(-1))];
  exact.forEach((w, i) => void expect(Math.abs(y.data[i] - w) / Math.abs(w)).toBeLessThan(2e-7));
});

describe("what does not fit is refused", () => {
  const x = tensor([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  const labels = tensor([0, 1], { dtype: "int32" });
  const refused: { readonly [why: string]: readonly [() => Tensor, string] } = {
    "a weight for another number of classes": [
      () => nn.crossEntropy(x, labels, { weight: tensor([1, 2]) }),
      "loss.shape",
    ],
    "a smoothing above 1": [() => nn.crossEntropy(x, labels, { smoothing: 2 }), "loss.option"],
    "an ignored label beside probabilities": [() => nn.crossEntropy(x, x, { ignore: 1 }), "loss.option"],
    "labels of log probabilities that are floats": [() => nn.nll(x, tensor([0, 1])), "loss.shape"],
    "an unknown reduction": [() => nn.mse(x, x, { reduction: "average" as never }), "loss.option"],
    "a variance of another shape": [() => nn.gaussianNll(x, x, tensor(1)), "loss.shape"],
    "a weight that does not spread": [() => nn.bce(x, x, { weight: tensor([1, 2]) }), "loss.shape"],
  };
  test.each(Object.entries(refused))("%s", (_, [f, code]) => {
    expect(f).toThrow(expect.objectContaining({ code }));
  });

  test("a label that is no class gives NaN, with weights too; an ignored one gives 0", async () => {
    const target = tensor([7, 1], { dtype: "int32" });
    const all = { reduction: "none", weight: tensor([1, 2, 3]) } as const;
    const r = await compile(() => ({
      loud: nn.crossEntropy(x, target, all),
      ignored: nn.crossEntropy(x, target, { ...all, ignore: 7 }),
    })).run();
    expect(r.loud.data[0]).toBeNaN();
    expect(r.ignored.data[0]).toBe(0);
    expect(r.ignored.data[1]).toBe(r.loud.data[1]);
  });
});

test("the softmax of nothing is nothing", async () => {
  const x = tensor([], { shape: [2, 0] });
  const { y, z } = await compile(() => ({ y: x.softmax(), z: x.logSoftmax(0) })).run();
  expect([y.shape, z.shape]).toEqual([
    [2, 0],
    [2, 0],
  ]);
});
