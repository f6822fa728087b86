import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type BackendName, compile, grad, nn, type Tensor, tensor, weigh } from "pondus";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { difference } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";
import { float64, values } from "../support/small-net.ts";

const gatesOf = { lstm: ["input", "forget", "cell", "output"], gru: ["reset", "update", "new"] } as const;
const [inputs, hidden, batch, time] = [2, 3, 2, 4];
const roles = { weight_ih: "input", weight_hh: "recurrent", bias_ih: "bias", bias_hh: "bias" } as const;
type Part = (typeof roles)[keyof typeof roles];

/** For each gate the number of its block; blocks are numbered by their first gates. */
type Partition = readonly number[];
interface Tied {
  readonly kind: "lstm" | "gru";
  readonly parts: Readonly<Record<Part, Partition>>;
}

const numbered = (labels: readonly number[]): Partition => {
  const seen = [...new Set(labels)];
  return labels.map((label) => seen.indexOf(label));
};
const groupsOf = (gates: readonly string[], partition: Partition) =>
  [...new Set(partition)].map((n) => gates.filter((_, i) => partition[i] === n)).filter((group) => group.length > 1);

const tieds = fc.constantFrom("lstm", "gru").chain((kind) => {
  const gates = gatesOf[kind].length;
  const partition = fc.array(fc.nat(gates - 1), { minLength: gates, maxLength: gates }).map(numbered);
  return fc
    .oneof(
      fc.record({ input: partition, recurrent: partition, bias: partition }),
      partition.map((p) => ({ input: p, recurrent: p, bias: p })),
    )
    .map((parts): Tied => ({ kind, parts }));
});

function build({ kind, parts }: Tied, options: { bidirectional?: boolean } = {}): nn.Recurrent {
  const tie = Object.fromEntries(Object.entries(parts).map(([part, p]) => [part, groupsOf(gatesOf[kind], p)]));
  const alike = new Set(Object.values(parts).map(String)).size === 1;
  const made = nn[kind](inputs, hidden, { tie: (alike ? tie.input : tie) as never, ...float64, ...options });
  return made as nn.Recurrent;
}

const free = ({ kind }: Tied): Tied => {
  const each = gatesOf[kind].map((_, i) => i);
  return { kind, parts: { input: each, recurrent: each, bias: each } };
};

/** Blocks of a tied weight repeated for each gate, as an untied layer has them. */
function spreadOut(numbers: ArrayLike<number>, partition: Partition): number[] {
  const size = numbers.length / new Set(partition).size;
  return partition.flatMap((n) => Array.from(numbers).slice(n * size, (n + 1) * size));
}

/** What each gate gets, added up for each block. */
function addedUp(numbers: ArrayLike<number>, partition: Partition): number[] {
  const size = numbers.length / partition.length;
  const sums = Array<number>(new Set(partition).size * size).fill(0);
  partition.forEach((n, gate) => {
    for (let i = 0; i < size; i++) sums[n * size + i] += numbers[gate * size + i];
  });
  return sums;
}

const x = tensor(Float64Array.from(values(batch * time * inputs, 3)), { shape: [batch, time, inputs] });

async function computed(net: nn.Recurrent, backend: BackendName = "reference") {
  const { output, state } = net.run(x);
  const results = [output, ...Object.values(state)];
  const along = results.map((y, i) => tensor(Float64Array.from(values(y.size, 5 + i)), { shape: [...y.shape] }));
  const total = results.map((y, i) => y.mul(along[i]).sum()).reduce((a, b) => a.add(b));
  const names = Object.keys(net.parameters);
  const program = compile(
    () => {
      const gradients = grad(total, [x, ...Object.values(net.parameters)]);
      return { output, ...state, ...Object.fromEntries(["x", ...names].map((name, i) => [`d ${name}`, gradients[i]])) };
    },
    {},
    { backend },
  );
  return (await program.run()) as Record<string, { data: Float64Array; dtype: "float64" }>;
}

/** The part of a weight's name before `_l0`. */
const roleOf = (name: string) => roles[name.slice(0, name.indexOf("_l0")) as keyof typeof roles];

/** The same weights, tied and as an untied layer has them. */
function pair(tied: Tied, options: { bidirectional?: boolean } = {}) {
  const [net, untied] = [build(tied, options), build(free(tied), options)];
  nn.initialize(net, 3);
  const [few, all] = [nn.parametersOf(net), nn.parametersOf(untied)];
  for (const [name, p] of Object.entries(few)) all[name].write(spreadOut(p.read(), tied.parts[roleOf(name)]));
  return { net, untied, few, all };
}

async function expectAlike({ parts }: Tied, net: nn.Recurrent, untied: nn.Recurrent, backend?: BackendName) {
  const [got, wanted] = [await computed(net, backend), await computed(untied, backend)];
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const [key, { data }] of Object.entries(wanted)) {
    const numbers = key.includes("_l0") ? addedUp(data, parts[roleOf(key.slice(2))]) : data;
    expect(difference(got[key], numbers, 1e-12), key).toBe(undefined);
  }
}

describe("tied gates", () => {
  test("any sharing gives what an untied layer with equal blocks gives, of as few knobs as there are blocks", {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(tieds, fc.boolean(), async (tied, bidirectional) => {
        const { net, untied, few, all } = pair(tied, { bidirectional });
        expect(Object.keys(few)).toEqual(Object.keys(all));
        for (const [name, p] of Object.entries(few)) {
          const partition = tied.parts[roleOf(name)];
          expect(p.size * partition.length).toBe(all[name].size * new Set(partition).size);
        }
        const total = Object.values(few).reduce((n, p) => n + p.size, 0);
        expect(weigh(net).parameters).toEqual({ total, trainable: total, frozen: 0 });
        await expectAlike(tied, net, untied);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  onEveryBackend((backend) => {
    test.each<Tied>([
      { kind: "lstm", parts: { input: [0, 1, 1, 0], recurrent: [0, 0, 0, 0], bias: [0, 1, 2, 2] } },
      { kind: "gru", parts: { input: [0, 1, 1], recurrent: [0, 1, 0], bias: [0, 1, 1] } },
    ])("$kind, each kind of weight shared in its own way", async (tied) => {
      const { net, untied } = pair(tied);
      await expectAlike(tied, net, untied, backend);
    });
  });

  test("k of 4 gates, k/4 of the knobs", () => {
    const count = (options: Parameters<typeof nn.lstm>[2]) => weigh(nn.lstm(5, 7, options)).parameters.total;
    const one = 7 * 5 + 7 * 7 + 2 * 7;
    expect(count({})).toBe(4 * one);
    expect(count({ tie: [["input", "forget"]] })).toBe(3 * one);
    const pairs = [
      ["input", "forget"],
      ["cell", "output"],
    ] as const;
    expect(count({ tie: pairs })).toBe(2 * one);
    expect(count({ tie: [["output", "cell", "forget", "input"]] })).toBe(one);
    expect(count({ coupled: true })).toBe(3 * one);
    expect(count({ coupled: true, tie: [["input", "output"]] })).toBe(2 * one);
    expect(count({ tie: { recurrent: pairs } })).toBe(4 * (35 + 14) + 2 * 49);
    const layers = { layers: 2, bidirectional: true };
    expect(count({ ...layers, tie: pairs })).toBe(count(layers) / 2);
    expect(weigh(nn.gru(5, 7, { tie: [["reset", "update"]] })).parameters.total).toBe(2 * one);
  });

  test("blocks stand in the order of their first gates", () => {
    const net = nn.lstm(1, 1, { tie: { input: [["output", "forget"]] } });
    expect(net.parameters.weight_ih_l0.shape).toEqual([3, 1]);
    expect(net.parameters.weight_hh_l0.shape).toEqual([4, 1]);
  });
});

describe("files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pondus-recurrence-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const tied = () => nn.sequential(nn.lstm(2, 3, { tie: [["input", "forget"]] }), nn.dense(3, 1));
  const untied = () => nn.sequential(nn.lstm(2, 3), nn.dense(3, 1));
  const otherwise = () => nn.sequential(nn.lstm(2, 3, { tie: [["cell", "output"]] }), nn.dense(3, 1));
  const coupled = () => nn.sequential(nn.lstm(2, 3, { coupled: true }), nn.dense(3, 1));

  test("hold each shared block once, and a model tied alike reads them", () => {
    const [from, to] = [tied(), tied()];
    nn.initialize(from, 4);
    nn.initialize(to, 5);
    const path = join(folder, "tied.safetensors");
    nn.saveWeights(from, path);
    nn.loadWeights(to, path);
    const numbers = (net: nn.Layer) => Object.values(nn.parametersOf(net)).map((p) => [...p.read()]);
    expect(numbers(to)).toEqual(numbers(from));
    expect(nn.weightsOf(to)["0.weight_hh_l0"].shape).toEqual([9, 3]);
  });

  test.each([
    [
      "a tied file",
      tied,
      untied,
      /"0.weight_ih_l0" with blocks for input \+ forget, cell, output, but the model has a block for/,
    ],
    [
      "an untied file",
      untied,
      tied,
      /"0.weight_ih_l0" with a block for each gate, but the model has blocks for input \+ forget/,
    ],
    [
      "a file of other ties",
      tied,
      otherwise,
      /blocks for input \+ forget, cell, output, but the model has .* input, forget, cell \+ out/,
    ],
    [
      "a file of a coupled one",
      coupled,
      tied,
      /with a block for each gate, but the model has blocks for input \+ forget/,
    ],
  ])("%s is refused by a model of another kind, though shapes may fit", (name, from, to, says) => {
    const path = join(folder, `${name}.safetensors`);
    nn.saveWeights(from(), path);
    expect(() => nn.loadWeights(to(), path)).toThrow(says);
  });
});

test("coupled gates, by the formula", async () => {
  const net = nn.lstm(1, 1, { coupled: true, ...float64 });
  const { weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 } = nn.parametersOf(net);
  const [u, w, a, b] = [
    [0.7, -1.1, 0.4],
    [0.3, 0.9, -0.6],
    [0.1, -0.2, 0.3],
    [0.05, 0.15, -0.25],
  ];
  weight_ih_l0.write(u);
  weight_hh_l0.write(w);
  bias_ih_l0.write(a);
  bias_hh_l0.write(b);
  const sequence = [0.5, -1.5, 2];
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  let [h, c] = [0, 0];
  const wanted = sequence.map((x) => {
    const [i, g, o] = [0, 1, 2].map((k) => u[k] * x + a[k] + w[k] * h + b[k]);
    c = (1 - sigmoid(i)) * c + sigmoid(i) * Math.tanh(g);
    h = sigmoid(o) * Math.tanh(c);
    return h;
  });
  const input: Tensor = tensor([sequence.map((x) => [x])], float64);
  const got = await compile(() => ({ output: net(input), c: net.run(input).state.c })).run();
  expect(difference(got.output, wanted, 1e-14)).toBe(undefined);
  expect(difference(got.c, [c], 1e-14)).toBe(undefined);
});

test("coupled gates are those of a layer whose forget gate has the input gate's weights, negated", async () => {
  // 1 - sigmoid(z) = sigmoid(-z): so is its gradient the input gate's less the forget gate's.
  const coupled = nn.lstm(inputs, hidden, { coupled: true, bidirectional: true, ...float64 });
  const whole = nn.lstm(inputs, hidden, { bidirectional: true, ...float64 });
  nn.initialize(coupled, 6);
  const split = (numbers: ArrayLike<number>, blocks: number) => {
    const size = numbers.length / blocks;
    return Array.from({ length: blocks }, (_, i) => Array.from(numbers).slice(i * size, (i + 1) * size));
  };
  for (const [name, p] of Object.entries(nn.parametersOf(whole))) {
    const [input, cell, output] = split(nn.parametersOf(coupled)[name].read(), 3);
    p.write([...input, ...input.map((w) => -w), ...cell, ...output]);
  }
  const [got, wanted] = [await computed(coupled), await computed(whole)];
  for (const [key, { data }] of Object.entries(wanted)) {
    const [input, forget, cell, output] = split(data, 4);
    const less = () => [...input.map((g, i) => g - forget[i]), ...cell, ...output];
    expect(difference(got[key], key.includes("_l0") ? less() : data, 1e-12), key).toBe(undefined);
  }
});
