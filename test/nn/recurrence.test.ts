import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, type DType, grad, nn, type Tensor, tensor } from "pondus";
import { writeSafetensors } from "pondus/io";
import { describe, expect, test } from "vitest";
import { difference } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";

interface Fixture {
  kind: "rnn" | "gru" | "lstm";
  options: {
    num_layers?: number;
    bidirectional?: boolean;
    bias?: boolean;
    nonlinearity?: "relu";
    proj_size?: number;
  };
  lengths: number[] | null;
  shapes: Record<string, number[]>;
  output: unknown[];
  final: Record<string, unknown[]>;
  gradX: unknown[];
  grads: Record<string, unknown[]>;
  gradState: Record<string, unknown[]>;
}

const { sizes, cases } = JSON.parse(readFileSync(new URL("../fixtures/recurrence.json", import.meta.url), "utf8")) as {
  sizes: { inputs: number; hidden: number; batch: number; time: number };
  cases: Record<string, Fixture>;
};
const { inputs, hidden, batch, time } = sizes;
const flat = (numbers: unknown[]) => numbers.flat(Number.POSITIVE_INFINITY) as number[];

/** The fixture's own numbers, as its script makes them. */
function spread(shape: readonly number[], seed: number, scale: number): number[] {
  const size = shape.reduce((n, m) => n * m, 1);
  return Array.from({ length: size }, (_, i) => (((7919 * i + 4987 * seed) % 2003) / 1001.5 - 1) * scale);
}

/** The layer of a fixture. */
function freshLayer({ kind, options }: Fixture, dtype: DType): nn.Recurrent<nn.HiddenState | nn.LstmState> {
  const { num_layers: layers, bidirectional, bias, nonlinearity: activation, proj_size: projection } = options;
  const net = nn[kind](inputs, hidden, { layers, bidirectional, bias, dtype, activation, projection });
  return net as nn.Recurrent<nn.HiddenState | nn.LstmState>;
}

/** The layer of a fixture, with its weights. */
function layerOf(f: Fixture, dtype: DType): nn.Recurrent<nn.HiddenState | nn.LstmState> {
  const { shapes } = f;
  const net = freshLayer(f, dtype);
  const weights = nn.weightsOf(net);
  expect(Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, [...w.shape]]))).toEqual(shapes);
  expect(Object.keys(weights)).toEqual(Object.keys(shapes));
  Object.values(weights).forEach((w, i) => {
    w.write(spread(w.shape, 2 + i, 0.9));
  });
  return net;
}

/** What PyTorch computed, by names of its own, and the same by Pondus. */
function both(f: Fixture, dtype: DType, net = layerOf(f, dtype)) {
  let seed = 2 + Object.keys(f.shapes).length;
  const given = (shape: readonly number[], scale: number) =>
    tensor(Float64Array.from(spread(shape, seed++, scale)), { shape: [...shape], dtype });
  const numbers = spread([batch, time, inputs], 1, 1.5);
  // What stands behind a sequence's end is nothing, whatever it is.
  f.lengths?.forEach((n, b) => {
    numbers.fill(Number.NaN, (b * time + n) * inputs, (b + 1) * time * inputs);
  });
  const x = tensor(Float64Array.from(numbers), { shape: [batch, time, inputs], dtype });
  const places = (f.options.num_layers ?? 1) * (f.options.bidirectional ? 2 : 1);
  const h = given([places, batch, f.options.proj_size || hidden], 0.8);
  const state = f.kind === "lstm" ? { h, c: given([places, batch, hidden], 0.8) } : { h };
  const lengths = f.lengths ? tensor(f.lengths, { dtype: "int32" }) : undefined;
  const { output, state: final } = net.run(x, { state: state as nn.LstmState, lengths });
  const results = [output, ...Object.values(final)] as Tensor[];
  const total = results.map((y) => y.mul(given(y.shape, 1)).sum()).reduce((a, b) => a.add(b));
  const prefixed = (prefix: string, record: Record<string, unknown>) =>
    Object.entries(record).map(([key, value]) => [`${prefix} ${key}`, value]);
  const named = (list: unknown[]) => Object.fromEntries(list.flat(1) as [string, never][]);
  const wanted = named([
    [["output", f.output]],
    prefixed("final", f.final),
    [["gradient x", f.gradX]],
    prefixed("gradient", { ...f.grads, ...f.gradState }),
  ]) as Record<string, unknown[]>;
  const program = () => {
    const gradients = grad(total, [x, ...Object.values(net.parameters), ...Object.values(state)]);
    const keys = ["x", ...Object.keys(net.parameters), ...Object.keys(state)];
    return named([
      [["output", output]],
      prefixed("final", final),
      keys.map((key, i) => [`gradient ${key}`, gradients[i]]),
    ]) as Record<string, Tensor>;
  };
  return { program, wanted };
}

onEveryBackend((backend) => {
  describe.each(["float64", "float32"] as const)("%s", (dtype) => {
    test.each(Object.entries(cases))("%s as in PyTorch, with all gradients", async (_, f) => {
      const { program, wanted } = both(f, dtype);
      const got = await compile(program, {}, { backend }).run();
      expect(Object.keys(got)).toEqual(Object.keys(wanted));
      for (const [key, numbers] of Object.entries(wanted)) {
        const tolerance = dtype === "float64" ? 1e-12 : 1e-5;
        expect(difference(got[key], flat(numbers), tolerance), key).toBe(undefined);
      }
    });
  });
});

test.each(Object.entries(cases))("%s: a file of PyTorch's weights is a file of Pondus's", async (_, f) => {
  const folder = mkdtempSync(join(tmpdir(), "pondus-recurrence-"));
  try {
    const path = join(folder, "model.safetensors");
    const tensors = Object.entries(f.shapes).map(([name, shape], i) => {
      const data = Float64Array.from(spread(shape, 2 + i, 0.9));
      return [`lstm.${name}`, { shape, dtype: "float64" as const, data }];
    });
    writeSafetensors(path, { tensors: Object.fromEntries(tensors), metadata: {} });
    const net = freshLayer(f, "float64");
    nn.loadWeights({ lstm: net }, path);
    const { program, wanted } = both(f, "float64", net);
    const got = await compile(() => ({ output: program().output }), {}, { backend: "reference" }).run();
    expect(difference(got.output, flat(wanted.output), 1e-12)).toBe(undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
