import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { compile, nn, optim, PondusError, tensor } from "pondus";
import { decodeSafetensors, encodeSafetensors, readSafetensors, type StoredTensor, type TensorFile } from "pondus/io";
import { describe, expect, test } from "vitest";
import { difference } from "../support/agreement.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const { models } = JSON.parse(readFileSync(fixture("pytorch_layout.json"), "utf8"));
const saved = (name: string) => readFileSync(fixture(`pytorch_${name}.safetensors`));

const dtype = "float64" as const;
const values = (model: nn.Model) => Object.values(nn.weightsOf(model)).map((w) => [...w.read()]);
const fails = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("parts of a model that PyTorch saved", () => {
  test("each part is loaded on its own, and together they give what the whole gives there", async () => {
    const bytes = saved("transformer");
    const layout = "pytorch" as const;
    const lookup = nn.embedding(11, 8, { dtype });
    const attention = nn.sequential(nn.layerNorm(8, { dtype }), nn.attention(8, 2, { causal: true, dtype }));
    const ahead = nn.sequential(
      nn.layerNorm(8, { dtype }),
      nn.dense(8, 8, { dtype }),
      nn.gelu,
      nn.dense(8, 8, { bias: false, dtype }),
    );
    const head = nn.dense(8, 5, { dtype });
    nn.loadWeights(lookup, bytes, { layout, prefix: "0." });
    await nn.loadWeights(attention, new Blob([bytes]), { layout, prefix: "1.inner." });
    await nn.loadWeights(ahead, Promise.resolve(new Response(bytes)), { layout, prefix: "2.inner." });
    nn.loadWeights(head, fixture("pytorch_transformer.safetensors"), { layout, prefix: "3." });
    const net = nn.sequential(lookup, nn.residual(attention), nn.residual(ahead), head);
    const { x, y } = models.transformer;
    const program = compile(({ x }) => ({ y: net(x) }), { x: { shape: x.shape, dtype: "int32" } });
    expect(difference((await program.run({ x: x.values })).y, y.values)).toBeUndefined();
  });

  test("counts of batches inside the part are passed over", () => {
    const norm = nn.batchNorm(4);
    nn.loadWeights(norm, saved("lenet"), { layout: "pytorch", prefix: "1." });
    const { tensors } = decodeSafetensors(saved("lenet"));
    expect(values(norm)).toEqual(Object.keys(nn.weightsOf(norm)).map((name) => [...tensors[`1.${name}`].data]));
  });

  test("which way round a square weight lies must be said for a part too", () => {
    expect(() => nn.loadWeights(nn.dense(3, 3, { dtype }), saved("square"), { prefix: "2." })).toThrow(
      fails("weights.layout", /^the file, under "2\.", does not say which way round/),
    );
  });
});

test("transfer: a part is loaded and frozen, the rest is trained to the exact solution", async () => {
  const encoder = nn.dense(3, 3, { dtype });
  nn.loadWeights(encoder, saved("square"), { layout: "pytorch", prefix: "0." });
  const before = values(encoder);
  for (const weight of Object.values(encoder.parameters)) nn.freeze(weight);
  const head = nn.dense(3, 1, { dtype });
  const net = nn.sequential(encoder, nn.tanh, head);
  nn.initialize(head, 1);
  expect(values(encoder)).toEqual(before);
  // What the head should learn: 2, -1 and 0.5 times what PyTorch's layer finds, plus 0.25.
  const [w, b] = ["0.weight", "0.bias"].map((name) => decodeSafetensors(saved("square")).tensors[name].data);
  const rows = Array.from({ length: 12 }, (_, k) => [Math.sin(k), Math.cos(2 * k), Math.sin(3 * k + 1)]);
  const wanted = rows.map((row) => {
    const hidden = [0, 1, 2].map((i) => Math.tanh(b[i] + row.reduce((sum, x, j) => sum + x * w[3 * i + j], 0)));
    return [0.25 + 2 * hidden[0] - hidden[1] + 0.5 * hidden[2]];
  });
  const loss = nn.mse(net(tensor(rows, { dtype })), tensor(wanted, { dtype }));
  await optim.fit({ loss, optimizer: optim.lbfgs(), steps: 200 });
  expect(values(encoder)).toEqual(before);
  const [weight, bias] = values(head);
  [...weight, ...bias].forEach((x, i) => {
    expect(x).toBeCloseTo([2, -1, 0.5, 0.25][i], 6);
  });
});

describe("parts of what Pondus saved", () => {
  const encoder = () => nn.sequential(nn.dense(2, 3), nn.tanh, nn.dense(3, 3));

  test("constraints of the part come along, to the bit", () => {
    const make = () => {
      const part = encoder();
      const [first, , last] = Object.values(part.children);
      nn.freeze(first.parameters.weight, [[1, 2]], 0.5);
      nn.tie(first.parameters.weight, [
        [0, 0],
        [1, 1],
      ]);
      nn.bound(last.parameters.weight, [-1, 2]);
      return part;
    };
    const whole = { encoder: make(), decoder: nn.sequential(nn.dense(3, 2)) };
    nn.initialize(whole, 3);
    const bytes = nn.encodeWeights(whole);
    const part = make();
    nn.loadWeights(part, bytes, { prefix: "encoder." });
    expect(values(part)).toEqual(values(whole.encoder));
    expect(() => nn.loadWeights(encoder(), bytes, { prefix: "encoder." })).toThrow(
      fails("weights.constraint", /under "encoder\.",: "0\.weight" was saved under another constraint/),
    );
    const rest = nn.sequential(nn.dense(3, 2));
    nn.loadWeights(rest, bytes, { prefix: "decoder." });
    expect(values(rest)).toEqual(values(whole.decoder));
  });

  test.each([false, true])("what is tied to a weight outside the part comes along (constrained: %s)", (constrained) => {
    const make = () => {
      const layer = nn.dense(2, 2);
      if (constrained) nn.positive(layer.parameters.weight);
      return layer;
    };
    const shared = make();
    const whole = { first: shared, second: nn.sequential(shared, nn.dense(2, 1), shared) };
    nn.initialize(whole, 5);
    const own = make();
    const part = nn.sequential(own, nn.dense(2, 1), own);
    nn.loadWeights(part, nn.encodeWeights(whole), { prefix: "second." });
    expect(values(part)).toEqual(values(whole.second));
  });

  test("what the blocks of a recurrent layer are for comes along", () => {
    const whole = { lstm: nn.lstm(2, 3), head: nn.dense(3, 1) };
    const part = nn.lstm(2, 3);
    nn.loadWeights(part, nn.encodeWeights(whole), { prefix: "lstm." });
    expect(values(part)).toEqual(values(whole.lstm));
  });

  test("of any split of any network, each part gets its own numbers", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.constantFrom("pondus", "pytorch"), (sizes, seed, layout) => {
        const make = () => sizes.slice(1).map((n, i) => nn.dense(sizes[i], n));
        const whole = nn.sequential(...make());
        nn.initialize(whole, seed);
        const bytes = nn.encodeWeights(whole, { layout });
        const parts = make();
        parts.forEach((part, i) => {
          nn.loadWeights(part, bytes, { prefix: `${i}.` });
        });
        expect(values(nn.sequential(...parts))).toEqual(values(whole));
      }),
      { numRuns: 30 },
    );
  });
});

describe("errors name what the file holds and what is missing", () => {
  const whole = { encoder: nn.sequential(nn.dense(2, 3)), decoder: nn.sequential(nn.dense(3, 2)) };
  const bytes = nn.encodeWeights(whole);

  test.each<[what: string, prefix: unknown, code: string, message: RegExp]>([
    [
      "nothing begins so",
      "head.",
      "weights.prefix",
      /^the file holds nothing whose name begins with "head\."; it holds "encoder\.0\.weight", .*"decoder\.0\.bias"\.$/,
    ],
    ["the dot is left out", "encoder", "weights.prefix", /say \{ prefix: "encoder\." \}\.$/],
    ["it is no text", 3, "weights.prefix", /^prefix: expected a text such as "encoder\.", but a number came/],
    [
      "the part is of another shape",
      "decoder.",
      "weights.model",
      /^the file, under "decoder\.", holds float32 \[3,2\] where the model has "0\.weight", float32 \[2,3\]/,
    ],
  ])("%s", (_, prefix, code, message) => {
    const part = nn.sequential(nn.dense(2, 3));
    const before = values(part);
    expect(() => nn.loadWeights(part, bytes, { prefix: prefix as string })).toThrow(fails(code, message));
    expect(values(part)).toEqual(before);
  });

  test("a part that is loaded without a prefix is told which", () => {
    expect(() => nn.loadWeights(nn.sequential(nn.dense(2, 3)), bytes)).toThrow(
      fails(
        "weights.model",
        /holds nothing named "0\.weight", "0\.bias", which the model has; it holds "encoder\.0\.weight", .*; read the part that the model is with \{ prefix: "encoder\." \}\.$/,
      ),
    );
  });

  test("many names are counted", () => {
    const many = nn.sequential(...Array.from({ length: 9 }, () => nn.dense(1, 1)));
    expect(() => nn.loadWeights(many, bytes)).toThrow(/"3\.bias", 10 more, which the model has/);
  });
});

describe("wrong bytes end in an error of Pondus, and the model stays as it was", () => {
  const model = () => {
    const net = nn.sequential(nn.dense(2, 2), nn.dense(2, 1));
    nn.bound(net.children[0].parameters.weight, [-1, Number.POSITIVE_INFINITY]);
    nn.initialize(net, 1);
    return net;
  };
  const net = model();
  const bytes = nn.encodeWeights(net);
  const before = values(net);
  /** Loads, or is refused; whatever comes, nothing is half done. */
  const load = (wrong: Uint8Array, options?: nn.LoadOptions) => {
    try {
      nn.loadWeights(net, wrong, options);
    } catch (error) {
      expect(error).toBeInstanceOf(PondusError);
      expect(values(net)).toEqual(before);
    }
    nn.loadWeights(net, bytes);
  };
  const prefix = fc.constantFrom(undefined, "", "0.", "0.w", "__proto__", "1.");

  test("random bytes, and a file that was cut or changed", () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    const changed = fc.tuple(fc.array(change, { maxLength: 4 }), fc.nat(bytes.length)).map(([changes, cut]) => {
      const wrong = bytes.slice(0, cut);
      for (const [at, byte] of changes) if (at < cut) wrong[at] = byte;
      return wrong;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), changed), prefix, (wrong, prefix) => {
        load(wrong, { prefix });
      }),
      { numRuns: 1000 },
    );
  });

  test("whole files with other tensors and metadata than the model's", () => {
    const { tensors, metadata } = readSafetensors(bytes);
    const names = Object.keys(tensors);
    const odd: fc.Arbitrary<StoredTensor> = fc.constantFrom<StoredTensor>(
      { shape: [], dtype: "int32", data: new Int32Array([7]) },
      { shape: [2, 2], dtype: "float64", data: new Float64Array(4) },
      { shape: [4], dtype: "float32", data: new Float32Array([1, Number.NaN, 2, 3]) },
      { shape: [0], dtype: "float32", data: new Float32Array(0) },
    );
    const place = fc.constantFrom(...names, "constructor", "2.weight", "0.weight.index");
    const description = fc.record({
      shape: fc.oneof(fc.constant([2, 2]), fc.anything()),
      dtype: fc.oneof(fc.constant("float32"), fc.anything()),
      knobs: fc.oneof(place, fc.anything()),
      index: fc.oneof(place, fc.anything()),
      lower: fc.oneof(place, fc.anything()),
    });
    const said = fc.oneof(
      fc.json(),
      fc.string(),
      fc.dictionary(place, fc.oneof(description, place), { noNullPrototype: true }).map((x) => JSON.stringify(x) ?? ""),
    );
    const files: fc.Arbitrary<TensorFile> = fc
      .tuple(
        fc.dictionary(place, odd, { maxKeys: 2, noNullPrototype: true }),
        fc.subarray(names),
        fc.dictionary(fc.constantFrom("constraints", "aliases", "blocks", "layout"), said, { noNullPrototype: true }),
      )
      .map(([added, left, says]) => ({
        tensors: { ...Object.fromEntries(left.map((name) => [name, tensors[name]])), ...added },
        metadata: { ...metadata, ...says },
      }));
    fc.assert(
      fc.property(files, prefix, (file, prefix) => {
        load(encodeSafetensors(file), { prefix });
      }),
      { numRuns: 400 },
    );
  });
});
