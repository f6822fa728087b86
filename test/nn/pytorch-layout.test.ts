import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { compile, nn, parameter } from "pondus";
import { decodeSafetensors, readSafetensors, type StoredTensor, writeSafetensors } from "pondus/io";
import { afterAll, describe, expect, test } from "vitest";
import { difference } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";

const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const file = (name: string) => join(scratch, name);

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const { models } = JSON.parse(readFileSync(fixture("pytorch_layout.json"), "utf8"));
const saved = (name: string) => fixture(`pytorch_${name}.safetensors`);

const lenet = () =>
  nn.sequential(
    nn.conv2d(1, 4, 5, { padding: 2 }),
    nn.batchNorm(4),
    nn.relu,
    nn.maxPool2d(2),
    nn.conv2d(4, 6, 3),
    nn.relu,
    nn.maxPool2d(2),
    nn.flattenChannelsFirst,
    nn.dense(36, 12),
    nn.relu,
    nn.dense(12, 10),
  );

const dtype = "float64" as const;
const transformer = () =>
  nn.sequential(
    nn.embedding(11, 8, { dtype }),
    nn.residual(nn.sequential(nn.layerNorm(8, { dtype }), nn.attention(8, 2, { causal: true, dtype }))),
    nn.residual(
      nn.sequential(
        nn.layerNorm(8, { dtype }),
        nn.dense(8, 8, { dtype }),
        nn.gelu,
        nn.dense(8, 8, { bias: false, dtype }),
      ),
    ),
    nn.dense(8, 5, { dtype }),
  );

const square = () => nn.sequential(nn.dense(3, 3, { dtype }), nn.tanh, nn.dense(3, 3, { dtype }));

const whole: [name: string, make: () => nn.Layer, dtype: "float32" | "float64" | "int32"][] = [
  ["lenet", lenet, "float32"],
  ["transformer", transformer, "int32"],
  ["square", square, "float64"],
];

describe("a model that PyTorch saved gives here what it gives there", () => {
  onEveryBackend((backend) => {
    test.each(whole)("%s", async (name, make, dtype) => {
      const net = make();
      nn.loadWeights(net, saved(name), { layout: "pytorch" });
      const { x, y } = models[name];
      const program = compile(({ x }) => ({ y: net(x) }), { x: { shape: x.shape, dtype } }, { backend });
      const r = await program.run({ x: x.values });
      expect(r.y.shape).toEqual(y.shape);
      expect(difference(r.y, y.values)).toBeUndefined();
    });
  });
});

/** Tensors of a file, without counts of batches. */
const tensorsOf = (path: string) =>
  Object.fromEntries(
    Object.entries(readSafetensors(path).tensors).filter(([name]) => !name.endsWith("num_batches_tracked")),
  );

test.each(whole)(
  "%s: what is written in PyTorch's layout is what PyTorch wrote, and is read without being told",
  (name, make) => {
    const net = make();
    nn.loadWeights(net, saved(name), { layout: "pytorch" });
    nn.saveWeights(net, file("there.safetensors"), { layout: "pytorch", metadata: { by: "test" } });
    expect(tensorsOf(file("there.safetensors"))).toEqual(tensorsOf(saved(name)));
    expect(readSafetensors(file("there.safetensors")).metadata).toEqual({ by: "test", layout: "pytorch" });
    const values = (net: nn.Layer) => Object.values(nn.weightsOf(net)).map((w) => [...w.read()]);
    for (const layout of [undefined, "pytorch"] as const) {
      const other = make();
      nn.loadWeights(other, file("there.safetensors"), { layout });
      expect(values(other)).toEqual(values(net));
    }
  },
);

describe("no weight is read the wrong way round unnoticed", () => {
  test("a square weight, and nobody says how: refused, with both ways to say", () => {
    const net = square();
    const before = [...nn.weightsOf(net)["0.weight"].read()];
    expect(() => nn.loadWeights(net, saved("square"))).toThrow(
      /does not say which way round.*"0\.weight", \[3,3\], would fit both ways; say \{ layout: "pytorch" \}.*"pondus"/,
    );
    expect([...nn.weightsOf(net)["0.weight"].read()]).toEqual(before);
    nn.loadWeights(net, saved("square"), { layout: "pytorch" });
    const there = [...nn.weightsOf(net)["0.weight"].read()];
    nn.loadWeights(net, saved("square"), { layout: "pondus" });
    const here = [...nn.weightsOf(net)["0.weight"].read()];
    expect(there).toEqual([0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => here[i]));
  });

  test("a file of Pondus says how it is; whoever says otherwise is told", () => {
    const net = square();
    nn.saveWeights(net, file("own.safetensors"));
    const w = nn.weightsOf(net)["0.weight"];
    const before = [...w.read()];
    w.write(before.map(() => 0));
    nn.loadWeights(net, file("own.safetensors"));
    expect([...w.read()]).toEqual(before);
    expect(() => nn.loadWeights(net, file("own.safetensors"), { layout: "pytorch" })).toThrow(
      expect.objectContaining({
        code: "weights.layout",
        message: expect.stringMatching(/written in Pondus' own layout.*leave the layout out/),
      }),
    );
    nn.saveWeights(net, file("theirs.safetensors"), { layout: "pytorch" });
    expect(() => nn.loadWeights(net, file("theirs.safetensors"), { layout: "pondus" })).toThrow(
      /written in PyTorch's layout, so it cannot be read with \{ layout: "pondus" \}/,
    );
  });

  test("a shape that fits turned over says what to do", () => {
    const twoThree = nn.sequential(nn.dense(2, 3));
    nn.saveWeights(twoThree, file("23.safetensors"), { layout: "pytorch" });
    writeSafetensors(file("foreign.safetensors"), { ...readSafetensors(file("23.safetensors")), metadata: {} });
    expect(() => nn.loadWeights(twoThree, file("foreign.safetensors"))).toThrow(
      /holds float32 \[3,2\] where the model has "0\.weight", float32 \[2,3\]; that is PyTorch's way round: read it with \{ layout: "pytorch" \}\.$/,
    );
    nn.loadWeights(twoThree, file("foreign.safetensors"), { layout: "pytorch" });
    const own = { ...readSafetensors(file("foreign.safetensors")).tensors };
    own["0.weight"] = { ...own["0.weight"], shape: [2, 3] };
    writeSafetensors(file("foreign.safetensors"), { tensors: own, metadata: {} });
    expect(() => nn.loadWeights(twoThree, file("foreign.safetensors"), { layout: "pytorch" })).toThrow(
      /that is the model's own way round: leave out \{ layout: "pytorch" \}\.$/,
    );
    // Where the other way round does not fit either, there is no such advice.
    expect(() => nn.loadWeights(nn.sequential(nn.dense(4, 3)), file("foreign.safetensors"))).toThrow(
      /it was written by another model/,
    );
  });

  test("a vector is no matter, nor is one number: those are the same both ways", () => {
    const net = nn.sequential(nn.dense(1, 1, { bias: false }));
    writeSafetensors(file("one.safetensors"), {
      tensors: { "0.weight": { shape: [1, 1], dtype: "float32", data: new Float32Array([3]) } },
      metadata: { layout: "of another kind" },
    });
    nn.loadWeights(net, file("one.safetensors"));
    expect([...nn.weightsOf(net)["0.weight"].read()]).toEqual([3]);
  });

  test("a layout that there is not", () => {
    const net = square();
    expect(() => nn.loadWeights(net, saved("square"), { layout: "torch" as never })).toThrow(
      'layout: expected "pytorch" or "pondus", but "torch" came.',
    );
    expect(() => nn.saveWeights(net, file("x.safetensors"), { layout: "torch" as never })).toThrow(/"torch" came/);
  });
});

describe("counts of batches", () => {
  test("are passed over in PyTorch's layout, and else said to be PyTorch's", () => {
    const net = nn.sequential(nn.conv2d(1, 2, 3), nn.batchNorm(2));
    const tensors: Record<string, StoredTensor> = {
      ...Object.fromEntries(
        Object.entries(nn.weightsOf(net)).map(([name, w]) => [
          name,
          { shape: w.shape, dtype: w.dtype, data: w.read() },
        ]),
      ),
      "1.num_batches_tracked": { shape: [], dtype: "int32", data: new Int32Array([7]) },
    };
    writeSafetensors(file("counted.safetensors"), { tensors, metadata: {} });
    nn.loadWeights(net, file("counted.safetensors"), { layout: "pytorch" });
    expect(() => nn.loadWeights(net, file("counted.safetensors"))).toThrow(
      /holds "1\.num_batches_tracked", which the model does not have; .*read it with \{ layout: "pytorch" \}/,
    );
    // What else is left over is no count.
    const more = { ...tensors, "2.weight": tensors["1.weight"] };
    writeSafetensors(file("counted.safetensors"), { tensors: more, metadata: {} });
    expect(() => nn.loadWeights(net, file("counted.safetensors"), { layout: "pytorch" })).toThrow(/holds "2\.weight"/);
  });

  test("whole numbers of 64 bits are read as int32, to the bit or not at all", () => {
    const { tensors } = readSafetensors(saved("lenet"));
    expect(tensors["1.num_batches_tracked"]).toEqual({ shape: [], dtype: "int32", data: new Int32Array([2]) });
    const bytes = (...values: bigint[]) => {
      const header = JSON.stringify({
        n: { dtype: "I64", shape: [values.length], data_offsets: [0, 8 * values.length] },
      });
      const length = new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer);
      return new Uint8Array([
        ...length,
        ...new TextEncoder().encode(header),
        ...new Uint8Array(BigInt64Array.from(values).buffer),
      ]);
    };
    const int = fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n });
    fc.assert(
      fc.property(fc.array(int), (values) => {
        expect([...decodeSafetensors(bytes(...values), "x").tensors.n.data]).toEqual(values.map(Number));
      }),
    );
    for (const far of [2n ** 31n, -(2n ** 31n) - 1n, 2n ** 32n, 2n ** 62n]) {
      expect(() => decodeSafetensors(bytes(1n, far), "w.safetensors")).toThrow(
        `w.safetensors: tensor "n" holds ${far}, which int32 cannot hold`,
      );
    }
  });
});

describe("with constraints and ties", () => {
  const constrained = () => {
    const net = nn.sequential(nn.dense(3, 2), nn.dense(2, 2));
    const [first, second] = [net.children[0].parameters.weight, net.children[1].parameters.weight];
    nn.freeze(first, [[2, 0]], 0.5);
    nn.tie(first, [
      [0, 0],
      [1, 1],
    ]);
    nn.positive(second);
    return net;
  };

  test("all entries are written in PyTorch's order, and taken when they keep the constraint", () => {
    const net = constrained();
    nn.saveWeights(net, file("tied.safetensors"), { layout: "pytorch" });
    const { tensors, metadata } = readSafetensors(file("tied.safetensors"));
    expect(metadata).toEqual({ layout: "pytorch" });
    expect(Object.keys(tensors).sort()).toEqual(["0.bias", "0.weight", "1.bias", "1.weight"]);
    const w = nn.weightsOf(net)["0.weight"].read();
    expect(tensors["0.weight"].shape).toEqual([2, 3]);
    expect([...tensors["0.weight"].data]).toEqual([0, 2, 4, 1, 3, 5].map((i) => w[i]));
    const other = constrained();
    nn.initialize(other, 9);
    nn.loadWeights(other, file("tied.safetensors"));
    expect([...nn.weightsOf(other)["0.weight"].read()]).toEqual([...w]);
    const broken = tensors["0.weight"].data.slice();
    broken[2] = 0.25; // [0, 2] there is [2, 0] here
    writeSafetensors(file("broken.safetensors"), {
      tensors: { ...tensors, "0.weight": { ...tensors["0.weight"], data: broken } },
      metadata,
    });
    expect(() => nn.loadWeights(other, file("broken.safetensors"))).toThrow(
      /"0\.weight" breaks the model's constraint: entry \[2, 0\] is 0\.25, but it is frozen at 0\.5/,
    );
    expect([...nn.weightsOf(other)["0.weight"].read()]).toEqual([...w]);
  });

  test("knobs and what rebuilds weights from them are Pondus' own layout", () => {
    const net = constrained();
    nn.saveWeights(net, file("knobs.safetensors"));
    const { tensors, metadata } = readSafetensors(file("knobs.safetensors"));
    const { layout: _, ...older } = metadata;
    writeSafetensors(file("older.safetensors"), { tensors, metadata: older });
    nn.loadWeights(net, file("older.safetensors"));
    expect(() => nn.loadWeights(net, file("older.safetensors"), { layout: "pytorch" })).toThrow(/Pondus' own layout/);
  });

  test("what stands at several places is written at each, and read from any", () => {
    const shared = nn.dense(2, 2);
    const net = nn.sequential(shared, nn.tanh, shared);
    nn.saveWeights(net, file("shared.safetensors"), { layout: "pytorch" });
    const { tensors, metadata } = readSafetensors(file("shared.safetensors"));
    expect(Object.keys(tensors).sort()).toEqual(["0.bias", "0.weight", "2.bias", "2.weight"]);
    const values = () => Object.values(nn.weightsOf(net)).map((w) => [...w.read()]);
    const before = values();
    const read = (names: string[]) => {
      const some = Object.fromEntries(names.map((name) => [name, tensors[name]]));
      writeSafetensors(file("some.safetensors"), { tensors: some, metadata });
      nn.initialize(net, 4);
      nn.loadWeights(net, file("some.safetensors"));
      return values();
    };
    expect(read(Object.keys(tensors))).toEqual(before);
    expect(read(["2.weight", "0.bias"])).toEqual(before);
    expect(() => read(["0.bias"])).toThrow(/holds nothing named "0\.weight", which the model has; it holds "0\.bias";/);
    const odd = { ...tensors["2.weight"], data: tensors["2.weight"].data.map((x) => x + 1) as Float32Array };
    writeSafetensors(file("some.safetensors"), { tensors: { ...tensors, "2.weight": odd }, metadata });
    expect(() => nn.loadWeights(net, file("some.safetensors"))).toThrow(
      /holds other numbers as "2\.weight" than as "0\.weight", which are one weight/,
    );
  });

  test("a matrix that one layer keeps turned over and another does not is read at each place as it stands there", () => {
    const head = nn.dense(2, 3, { bias: false });
    const same = nn.layer("look up", (x) => head.parameters.weight.gather(x), {
      parameters: { weight: head.parameters.weight },
    });
    const model = { head, same };
    nn.saveWeights(model, file("both.safetensors"), { layout: "pytorch" });
    const { tensors } = readSafetensors(file("both.safetensors"));
    expect([tensors["head.weight"].shape, tensors["same.weight"].shape]).toEqual([
      [3, 2],
      [2, 3],
    ]);
    const before = [...nn.weightsOf(model)["head.weight"].read()];
    nn.initialize(model, 6);
    nn.loadWeights(model, file("both.safetensors"));
    expect([...nn.weightsOf(model)["head.weight"].read()]).toEqual(before);
  });
});

test("a layer of one's own says which of its matrices PyTorch keeps turned over; a checkpoint passes that on", () => {
  const w = parameter(
    [2, 3],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  );
  const own = nn.layer("own", (x) => x.matmul(w), { parameters: { weight: w }, transposed: ["weight"] });
  nn.saveWeights(nn.sequential(nn.checkpoint(own)), file("own.safetensors"), { layout: "pytorch" });
  expect(readSafetensors(file("own.safetensors")).tensors["0.weight"]).toEqual({
    shape: [3, 2],
    dtype: "float32",
    data: new Float32Array([1, 4, 2, 5, 3, 6]),
  });
});

test("recurrent layers keep their weights as PyTorch does: nothing to turn over, nothing to say", () => {
  const net = nn.sequential(nn.gru(2, 2));
  nn.saveWeights(net, file("gru.safetensors"));
  const here = tensorsOf(file("gru.safetensors"));
  nn.saveWeights(net, file("gru.safetensors"), { layout: "pytorch" });
  expect(tensorsOf(file("gru.safetensors"))).toEqual(here);
  writeSafetensors(file("gru.safetensors"), { tensors: here, metadata: {} });
  nn.loadWeights(net, file("gru.safetensors"));
});
