import {
  type BackendName,
  checkpoint,
  compile,
  grad,
  nn,
  type Outputs,
  optim,
  parameter,
  repeat,
  scan,
  type Tensor,
  tensor,
} from "pondus";
import { describe, expect, test } from "vitest";
import { batchLast, type Worth } from "../../src/compiler/batch/batch-last.ts";
import { prune } from "../../src/compiler/simplify/prune.ts";
import { simplify } from "../../src/compiler/simplify/simplify.ts";
import type { Node } from "../../src/graph/node.ts";
import { rootsOf } from "../../src/graph/program.ts";
import { topological } from "../../src/graph/walk.ts";
import { dtype, values, valuesOf, weight } from "../support/blocked.ts";
import { onEveryBackend } from "../support/every-backend.ts";

const n = 24;
const always: Worth = { lost: 0, products: 0 };
const machine = { vectorBytes: 64, registers: 32, mixedWidths: true };

const lossOf = (y: Tensor) => y.square().mean();

/** How often the batch has gone to the end: products of which it is the last axis. */
function productsAlong(roots: readonly Node[]): number {
  let found = 0;
  for (const node of topological(roots)) {
    if (node.is("contract") && node.shape.length > 1 && node.shape[node.shape.length - 1] === n) found++;
    if (node.is("while")) found += productsAlong([...node.attrs.next, ...node.attrs.ys]);
    if (node.is("scan")) found += productsAlong([...node.attrs.next, ...node.attrs.ys]);
  }
  return found;
}

const layer = (x: Tensor, from: number, to: number) => x.matmul(weight(from, to)).add(weight(to));

/** What must still be computed when the batch is last. */
const programs: { readonly [name: string]: (x: { [name: string]: Tensor }) => Outputs } = {
  "a small network and its gradients": ({ x, y }) => {
    const w = weight(3, 5);
    const loss = nn.mse(layer(x.matmul(w).tanh(), 5, 2), y);
    return { loss, w: grad(loss, w), x: grad(loss, x) };
  },
  "wide layers beside narrow ones": ({ x }) => {
    const h = layer(layer(layer(x, 3, 5).tanh(), 5, 40).tanh(), 40, 3);
    return { h, loss: lossOf(h), g: grad(lossOf(h), x) };
  },
  "a convolution with padding, pooling and a dense layer": ({ image, y }) => {
    const net = nn.sequential(
      nn.conv2d(1, 3, 3, { padding: 1, dtype }),
      nn.relu,
      nn.maxPool2d(2),
      nn.conv2d(3, 4, 3, { dtype }),
      nn.relu,
      nn.averagePool2d(2),
      nn.flatten,
      nn.dense(4, 2, { dtype }),
    );
    const loss = nn.mse(net(image), y);
    return { loss, ...Object.fromEntries(gradientsOf(loss, net)), image: grad(loss, image) };
  },
  "strides, dilations and transposed convolutions": ({ image }) => {
    const y = nn.conv2d(1, 2, 3, { stride: 2, dtype })(image);
    const z = nn.convTranspose2d(2, 3, 2, { stride: 2, dtype })(y);
    return { z, g: grad(lossOf(z), image) };
  },
  "batch norm": ({ x }) => {
    const h = layer(x, 3, 5).tanh();
    const centred = h.sub(h.mean(0));
    const z = centred.div(centred.square().mean(0).add(1e-3).sqrt());
    return { z: layer(z, 5, 2), g: grad(lossOf(layer(z, 5, 2)), x) };
  },
  "a softmax over few classes": ({ x, y }) => {
    const loss = layer(x, 3, 2).logSoftmax(1).mul(y).sum().neg();
    return { loss, g: grad(loss, x), best: layer(x, 3, 4).max(1), sums: layer(x, 3, 4).sum(1) };
  },
  "reshapes, slices, pads, flips and transpositions": ({ x }) => {
    const h = layer(x, 3, 6).reshape([n, 2, 3]).flip(2).slice(1, 3, 2).padAxis(1, 2, 1).reshape([n, 10]);
    return { h: layer(h, 10, 3), t: layer(h, 10, 3).T.exp(), s: layer(h, 10, 3).T.sum(1) };
  },
  "layers that are computed again": ({ x }) => {
    const inside = checkpoint((z: Tensor) => layer(layer(z, 3, 4).tanh(), 4, 3).tanh());
    return { g: grad(lossOf(inside(x)), x) };
  },
  "states that a loop carries": ({ x }) => {
    const [w, v] = [weight(3, 5), weight(5, 3)];
    const step = ({ h }: { h: Tensor }) => ({ carry: { h: h.matmul(w).tanh().matmul(v).add(h) }, out: { h } });
    const { carry, out } = scan({ h: x }, step, { length: 4 });
    return { end: carry.h, path: out.h, w: grad(lossOf(carry.h), w), x: grad(lossOf(out.h), x) };
  },
  "embeddings looked up": ({ x, index }) => ({ y: layer(weight(5, 3).gather(index).add(x), 3, 2) }),
  "products of samples with one another": ({ x }) => {
    const h = layer(x, 3, 4);
    return { gram: h.matmul(h.T), h };
  },
  "running totals of features": ({ x }) => {
    const w = weight(3, 5);
    const h = layer(x.matmul(w).tanh().cumsum(1).cummax(1), 5, 4).cumprod(1);
    return { h: h.sub(1), g: grad(lossOf(h), w) };
  },
  "data of the same length": ({ x }) => ({ y: layer(x, 3, 2).mul(tensor(values(n), { dtype }).unsqueeze(1)) }),
};

function gradientsOf(loss: Tensor, net: nn.Layer): [string, Tensor][] {
  return Object.entries(net.parameters).map(([name, p]) => [name, grad(loss, p)]);
}

describe.each(Object.entries(programs))("%s", (_, f) => {
  test("has the values that it had", () => {
    const { graph } = compile(f as never, {
      x: { shape: [n, 3], dtype },
      y: { shape: [n, 2], dtype },
      image: { shape: [n, 8, 8, 1], dtype },
      index: { shape: [n], dtype: "int32" },
    });
    const before = simplify(prune(rootsOf(graph)));
    const after = batchLast(before, machine, always);
    expect(productsAlong(after)).toBeGreaterThan(productsAlong(before));
    const [a, b] = [valuesOf(graph, before), valuesOf(graph, prune(after))];
    a.forEach((x, i) => {
      expect(b[i]).toHaveLength(x.length);
      x.forEach((value, k) => {
        expect(b[i][k]).toBeCloseTo(value, 11);
      });
    });
  });
});

test("what is wide, small or alone stays as it was written", () => {
  const roots = (f: (x: Tensor) => Tensor, ...shape: number[]) => {
    const { graph } = compile(({ x }) => ({ y: f(x) }), { x: { shape } });
    return simplify(prune(rootsOf(graph)));
  };
  const w = (...shape: number[]) => parameter(shape, 0.1);
  const few = roots((x) => x.matmul(w(6, 6)), 1024, 6);
  expect(batchLast(few, machine)).not.toEqual(few);
  for (const same of [
    roots((x) => x.matmul(w(64, 64)), 1024, 64),
    roots((x) => x.matmul(w(6, 6)), 64, 6),
    roots((x) => x.matmul(w(6, 1)), 8192, 6),
    roots((x) => x.matmul(w(6000, 6)), 3, 6000),
  ]) {
    expect(batchLast(same, machine)).toEqual(same);
  }
});

/** A training loop over data, taken so many steps. */
function training(backend?: BackendName) {
  const drawn = (from: number, to: number) => nn.dense(from, to, { dtype, init: () => (i) => Math.sin(7 * i) });
  const net = nn.sequential(drawn(3, 6), nn.tanh, drawn(6, 5), nn.tanh, drawn(5, 2));
  const rows = Array.from({ length: 600 }, (_, i) => [Math.sin(i), Math.cos(i), 1]);
  const x = tensor(rows, { dtype });
  const loss = net(x)
    .sub(x.slice(0, 2, 1))
    .square()
    .mean();
  const step = { outputs: { loss }, ...optim.sgd({ learningRate: 0.1 }).minimize(loss) };
  return compile(
    ({ count }) => {
      const { outputs, updates } = repeat(step, count);
      return { ...outputs, updates };
    },
    { count: { shape: [], dtype: "int32" } },
    { backend },
  );
}

test("a training loop moves its data's batch", () => {
  const before = simplify(prune(rootsOf(training().graph)));
  expect(batchLast(before, machine)).not.toEqual(before);
});

onEveryBackend((backend) => {
  test("learns the same", async () => {
    const [moved, truth] = await Promise.all(
      [training(backend), training("reference")].map((p) => p.run({ count: 20 })),
    );
    expect(moved.loss.item()).toBeCloseTo(truth.loss.item(), 10);
  });
});
