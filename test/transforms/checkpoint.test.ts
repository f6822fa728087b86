import fc from "fast-check";
import {
  type BackendName,
  checkpoint,
  compile,
  grad,
  hvp,
  type NumberArray,
  nn,
  optim,
  parameter,
  scan,
  type Tensor,
  tensor,
  weigh,
} from "pondus";
import { describe, expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

type Activation = (x: Tensor) => Tensor;

/** A stack of equal layers, every `piece` of them a checkpoint; 0 for none. Equal calls give equal weights. */
function stack(layers: number, width: number, piece: number, activation: Activation = nn.tanh): nn.Layer {
  const all = Array.from({ length: layers }, () => nn.sequential(nn.dense(width, width), activation));
  const pieces = Array.from({ length: piece > 0 ? Math.ceil(layers / piece) : 0 }, (_, i) =>
    nn.checkpoint(nn.sequential(...all.slice(piece * i, piece * (i + 1)))),
  );
  const net = nn.sequential(...(piece > 0 ? pieces : all), nn.dense(width, 1));
  nn.initialize(net, 0);
  return net;
}

const weightsOf = (net: nn.Layer): Tensor[] => [
  ...Object.values(net.parameters),
  ...Object.values(net.children).flatMap(weightsOf),
];

/** Loss and gradients on a batch. */
function program(net: nn.Layer, batch: number, width: number, backend?: BackendName) {
  const numbers = Float32Array.from({ length: batch * width }, (_, i) => Math.sin(i));
  const x = tensor(numbers).reshape([batch, width]);
  return compile(
    () => {
      const loss = net(x).square().mean();
      const gradients = grad(loss, weightsOf(net));
      return { loss, ...Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])) };
    },
    {},
    { backend },
  );
}

/** Bytes of a training step's arena beyond its weights, in activations of one layer. */
function activations(layers: number, width: number, batch: number, piece: number): number {
  const net = stack(layers, width, piece);
  const { training, parameters } = weigh(net, { batch, optimizer: optim.sgd({ learningRate: 0.1 }) });
  return ((training?.peakBytes as number) - 4 * parameters.total) / (4 * width * batch);
}

onEveryBackend((backend) => {
  test("losses and gradients are the same to the last bit", { timeout: 300_000 }, async () => {
    const shapes = fc.record({
      layers: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 1, max: 20 }),
      batch: fc.integer({ min: 1, max: 20 }),
      piece: fc.integer({ min: 1, max: 4 }),
      activation: fc.constantFrom<Activation>(nn.tanh, nn.relu, nn.sigmoid, nn.gelu),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ layers, width, batch, piece, activation }) => {
        const [plain, again] = [0, piece].map((p) =>
          program(stack(layers, width, p, activation), batch, width, backend),
        );
        expect(await again.run()).toEqual(await plain.run());
      }),
      { numRuns: backend === "native" ? 6 : 20, seed: 3 },
    );
  });

  test("in blocks of a large batch", async () => {
    const [plain, again] = [0, 2].map((piece) => program(stack(4, 16, piece), 2048, 16, backend));
    const [a, b] = [await plain.run(), await again.run()];
    // Blocks of another size sum in another order.
    for (const [name, { data }] of Object.entries(a)) {
      const largest = Math.max(...data.map(Math.abs));
      const found = (b as typeof b & { [name: string]: NumberArray })[name].data;
      data.forEach((x, i) => {
        expect(Math.abs(found[i] - x)).toBeLessThanOrEqual(3e-6 * largest);
      });
    }
  });

  test("in the body of a loop, and twice differentiated", async () => {
    const w = parameter(
      [3, 3],
      [
        [0.2, 0.5, -0.4],
        [0.7, -0.3, 0.1],
        [-0.6, 0.4, 0.3],
      ],
      { dtype: "float64" },
    );
    const wrap = [(f: Activation) => f, checkpoint as (f: Activation) => Activation];
    const [plain, again] = wrap.map((kind) => {
      const step = kind((h) => h.matmul(w).tanh().matmul(w).sin());
      const { h } = scan(
        { h: tensor([0.3, -0.2, 0.9], { dtype: "float64" }) },
        ({ h }) => ({ carry: { h: step(h) } }),
        {
          length: 4,
        },
      ).carry;
      const loss = step(h).square().sum();
      return compile(() => ({ loss, g: grad(loss, w), hv: hvp(loss, w, w) }), {}, { backend });
    });
    const [a, b] = [await plain.run(), await again.run()];
    for (const name of ["loss", "g", "hv"] as const) {
      a[name].data.forEach((x, i) => {
        expect(b[name].data[i]).toBeCloseTo(x, 13);
      });
    }
  });

  test("a gradient with respect to a value inside", async () => {
    let inside: Tensor | undefined;
    const f = checkpoint((x: Tensor) => {
      inside = x.mul(2);
      return inside.square().mul(x);
    });
    const x = parameter([2], [3, 5]);
    const loss = f(x).sum();
    const { gi, gx } = await compile(() => ({ ...grad(loss, { gi: inside as Tensor, gx: x }) }), {}, { backend }).run();
    // (2x)^2 x: 2 (2x) x to the inner value, 12 x^2 in all.
    expect([...gi.data]).toEqual([36, 100]);
    expect([...gx.data]).toEqual([108, 300]);
  });
});

describe("memory", () => {
  test("a stack without checkpoints keeps every layer's output, and four arrays more", () => {
    for (const layers of [4, 16, 36, 100]) {
      expect(activations(layers, 32, 64, 0)).toBeCloseTo(layers + 3, 0);
    }
  });

  test("with a checkpoint every sqrt(L) layers it keeps 2 sqrt(L) of them", () => {
    for (const root of [2, 4, 6, 10]) {
      const kept = activations(root ** 2, 32, 64, root);
      expect(kept).toBeLessThan(2 * root + 4);
      expect(kept).toBeGreaterThan(2 * root - 2);
    }
  });
});
