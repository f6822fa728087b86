import { compile, grad, nn, type Outputs, optim, parameter, repeat, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { interpret } from "../src/backends/reference/interpret.ts";
import type { Limits } from "../src/compiler/block-rows.ts";
import { inBlocks } from "../src/compiler/blocks.ts";
import { prune } from "../src/compiler/prune.ts";
import { simplify } from "../src/compiler/simplify.ts";
import { allocate, type TypedArray } from "../src/graph/dtype.ts";
import type { Node } from "../src/graph/node.ts";
import type { Parameter } from "../src/graph/parameter.ts";
import { type GraphProgram, rootsOf } from "../src/graph/program.ts";
import { sizeOf } from "../src/graph/shape.ts";
import { topological } from "../src/graph/walk.ts";

const n = 60;
const limits: Limits = { blockBytes: 12_000, smallBatch: 0, samples: n };
const dtype = "float64" as const;

const values = (length: number) => Float64Array.from({ length }, (_, i) => Math.sin(3 * i + 1));
const weight = (...shape: number[]) => parameter(shape, (random) => () => random.uniform() - 0.5, { dtype });

function scans(roots: readonly Node[]): Node<"scan">[] {
  return topological(roots).flatMap((node) => {
    if (node.is("scan") && node.attrs.carry.length === 0) return [node];
    return node.is("while") ? scans(node.attrs.next) : [];
  });
}

function valuesOf(graph: GraphProgram, roots: readonly Node[]): TypedArray[] {
  const inputs = new Map(graph.inputs.map((x) => [x.attrs.name, x]));
  return interpret(roots, {
    input: (name) => {
      const x = inputs.get(name) as Node;
      if (x.dtype === "int32") return Int32Array.from({ length: sizeOf(x.shape) }, (_, i) => (i * 7) % 5);
      return allocate(x.dtype, sizeOf(x.shape)).map((_, i) => values(i + 1)[i]);
    },
    parameter: (p: Parameter) => p.read(),
  });
}

/** Three layers, so that there is something to cut. */
function network(x: Tensor, act: (x: Tensor) => Tensor = nn.tanh): Tensor {
  return act(act(x.matmul(weight(3, 8)).add(weight(8))).matmul(weight(8, 8))).matmul(weight(8, 2));
}

/** What the blocked graph must still compute, with how many passes over the batch. */
const programs: { readonly [name: string]: { passes: number; f: (x: { [name: string]: Tensor }) => Outputs } } = {
  "a loss and its gradients": {
    passes: 1,
    f: ({ x, y }) => {
      const w = weight(3, 8);
      const out = nn.tanh(x.matmul(w)).matmul(weight(8, 8)).tanh().matmul(weight(8, 2));
      const loss = nn.mse(out, y);
      return { loss, g: grad(loss, w) };
    },
  },
  "an output for every sample": { passes: 1, f: ({ x }) => ({ y: network(x, nn.relu) }) },
  "samples along the last axis": { passes: 1, f: ({ x }) => ({ y: network(x).T.exp(), z: network(x).sum(1) }) },
  "cross entropy": {
    passes: 1,
    f: ({ x, y }) => {
      const loss = network(x).logSoftmax(1).mul(y).sum().neg();
      return { loss, g: grad(loss, x) };
    },
  },
  "a batch norm: its mean goes back to every sample": {
    passes: 3,
    f: ({ x }) => {
      const h = x.matmul(weight(3, 8)).tanh().matmul(weight(8, 8));
      const centred = h.sub(h.mean(0));
      const normal = centred.div(centred.square().mean(0).add(1e-3).sqrt());
      return { y: normal.matmul(weight(8, 2)).sum() };
    },
  },
  "a largest value, subtracted again": {
    passes: 2,
    f: ({ x }) => {
      const h = network(x);
      return { y: h.sub(h.max(0)).exp().sum(0) };
    },
  },
  "embeddings looked up": {
    passes: 1,
    f: ({ index }) => ({ y: network(weight(5, 3).gather(index)).sum() }),
  },
  "reshapes, slices, pads and flips beside the batch": {
    passes: 1,
    f: ({ x }) => {
      const h = network(x).reshape([n, 2, 1]).expand([n, 2, 3]).flip(2).slice(2, 1, 3).reshape([n, 4]);
      return {
        y: h.matmul(weight(4, 4)).pad(1, 1, 2).square().sum(),
      };
    },
  },
  "products of samples with one another, which no block can make": {
    passes: 1,
    f: ({ x }) => {
      const h = network(x);
      return { gram: h.matmul(h.T) };
    },
  },
  "data that other data of the same length meet": {
    passes: 1,
    f: ({ x }) => ({
      y: network(x)
        .mul(tensor(values(n), { dtype }).unsqueeze(1))
        .sum(),
    }),
  },
};

describe.each(Object.entries(programs))("%s", (_, { passes, f }) => {
  test("has the values that it had", () => {
    const { graph } = compile(f as never, {
      x: { shape: [n, 3], dtype },
      y: { shape: [n, 2], dtype },
      index: { shape: [n], dtype: "int32" },
    });
    const before = simplify(prune(rootsOf(graph)));
    const after = inBlocks(before, limits);
    expect(scans(after)).toHaveLength(passes);
    const [a, b] = [valuesOf(graph, before), valuesOf(graph, prune(after))];
    a.forEach((x, i) => {
      x.forEach((value, k) => {
        expect(b[i][k]).toBeCloseTo(value, 11);
      });
    });
  });
});

test("a training loop takes its batch in blocks", () => {
  const layers = nn.sequential(nn.dense(3, 8), nn.tanh, nn.dense(8, 8), nn.tanh, nn.dense(8, 2));
  const x = tensor(Array.from({ length: n }, (_, i) => [Math.sin(i), Math.cos(i), 1]));
  const loss = layers(x).square().mean();
  const step = { outputs: { loss }, ...optim.sgd({ rate: 0.1 }).minimize(loss) };
  const { graph } = compile(
    ({ count }) => {
      const { outputs, updates } = repeat(step, count);
      return { ...outputs, updates };
    },
    { count: { shape: [], dtype: "int32" } },
  );
  expect(scans(inBlocks(simplify(prune(rootsOf(graph))), limits))).toHaveLength(1);
  expect(scans(inBlocks(simplify(prune(rootsOf(graph)))))).toHaveLength(0);
});
