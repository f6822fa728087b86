import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { nn, optim, PondusError, tensor } from "pondus";
import { defineSystem, explain, openRun, predict, type RunFiles, restoreModel, train } from "pondus/experiment";
import { bytesOf, numbers, readCsv } from "pondus/io";
import { afterAll, describe, expect, test } from "vitest";

const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A line through points, as a page. */
const line = defineSystem({
  name: "line",
  title: "A line",
  summary: "A line through points.",
  data: { x: [0, 1, 2, 3], y: [1, 3, 5, 7] },
  settings: { steps: 40, learningRate: 0.1 },
  read: (table) => ({ x: [...numbers(table, "x").values], y: [...numbers(table, "y").values] }),
  model: () => nn.dense(1, 1, { dtype: "float64" }),
  network: () => ({ input: [1] }),
  async train(session) {
    const { x, y } = session.data;
    const column = (values: readonly number[]) =>
      tensor(
        values.map((v) => [v]),
        { dtype: "float64" },
      );
    const loss = nn.mse(session.model(column(x)), column(y));
    const { loss: last } = await session.fit("line", {
      loss,
      optimizer: optim.adam({ learningRate: session.learningRate }),
    });
    return { metrics: { loss: last } };
  },
  async predict({ model, evaluate }, inputs) {
    const { y } = await evaluate({ y: model(tensor(inputs, { dtype: "float64" })) });
    return { y: [...y.data] };
  },
});

/** Without the seconds that a checkpoint and run.json tell. */
const same = ["metrics.jsonl", "weights.safetensors"];

test("a run in memory holds what a run folder holds, to the byte, and answers alike", async () => {
  const folder = join(scratch, "line");
  await train(line, { seed: 4, out: folder });
  const files: RunFiles = new Map();
  const result = await train(line, { seed: 4, out: files });
  expect(result).toMatchObject({ status: "finished", run: "the run" });
  expect([...files.keys()].sort()).toEqual(readdirSync(folder).sort());
  for (const file of same) expect(Buffer.from(files.get(file) as Uint8Array)).toEqual(readFileSync(join(folder, file)));
  const there = await predict(line, openRun(folder), [[10], [-1]]);
  expect(await predict(line, openRun(files), [[10], [-1]])).toEqual(there);

  // What a page that fetches needs is two of the files.
  const fetched = async (file: string) => bytesOf(Promise.resolve(new Response(readFileSync(join(folder, file)))));
  const two = new Map([
    ["run.json", await fetched("run.json")],
    ["weights.safetensors", await fetched("weights.safetensors")],
  ]);
  expect(await predict(line, openRun(two), [[10], [-1]])).toEqual(there);
  await explain(line, openRun(files));
  expect(new TextDecoder().decode(files.get("explain.html"))).toMatch(/^<!doctype html>/);
  await expect(train(line, { out: files })).rejects.toThrow(expect.objectContaining({ code: "run.exists" }));
});

test("a run in memory, interrupted and resumed, ends with the same bytes", async () => {
  const straight: RunFiles = new Map();
  await train(line, { out: straight });
  const broken: RunFiles = new Map();
  const stop = new AbortController();
  const onProgress = (_: string, { step }: { step: number }) => step > 2 && stop.abort();
  expect((await train(line, { out: broken, signal: stop.signal, onProgress })).status).toBe("interrupted");
  // As they come back from where a page kept them.
  const again = new Map([...broken].map(([file, bytes]) => [file, bytes.slice()]));
  expect((await train(line, { resume: openRun(again) })).status).toBe("finished");
  for (const file of same) expect(again.get(file)).toEqual(straight.get(file));
});

test("measurements come as bytes, and are kept with the run", async () => {
  const bytes = new TextEncoder().encode("x,y\n0,2\n1,4\n2,6\n");
  const files: RunFiles = new Map();
  const { title } = await train(line, { out: files, data: { file: "mine.csv", bytes } });
  expect(title).toBe("mine.csv through the line system");
  expect(readCsv(files.get("data.csv") as Uint8Array).rows).toHaveLength(3);
  expect(JSON.parse(new TextDecoder().decode(files.get("run.json"))).options.data).toEqual({
    file: "mine.csv",
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(restoreModel(line, openRun(files)).data.y).toEqual([2, 4, 6]);
  files.set("data.csv", new TextEncoder().encode("x,y\n0,2\n1,4\n2,7\n"));
  expect(() => restoreModel(line, openRun(files))).toThrow(expect.objectContaining({ code: "run.data" }));
});

describe("what is no run, or a broken one, ends in an error of Pondus", () => {
  test("neither a path nor a Map; a Map without the file, or with something else in its place", () => {
    expect(() => openRun({ "run.json": new Uint8Array() } as never)).toThrow(/as a Map from file names to bytes/);
    expect(() => openRun(new Map())).toThrow(/^the run is not a run folder: it holds no run\.json/);
    expect(() => openRun(new Map([["run.json", "{}"]]) as never)).toThrow(
      /run\.json of the run: a Uint8Array should hold/,
    );
  });

  test("files that were cut or changed", async () => {
    const whole: RunFiles = new Map();
    await train(line, { out: whole, steps: 3 });
    const changed = fc
      .tuple(
        fc.constantFrom("run.json", "checkpoint.safetensors", ...same),
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
      )
      .map(([file, cut, changes]) => {
        const bytes = whole.get(file) as Uint8Array;
        const wrong = bytes.slice(0, 1 + (cut % bytes.length));
        for (const [at, byte] of changes) wrong[at % wrong.length] = byte;
        return new Map([...whole, [file, wrong] as const]);
      });
    await fc.assert(
      fc.asyncProperty(changed, async (files) => {
        try {
          restoreModel(line, openRun(files));
          await train(line, { resume: openRun(files), steps: 3 });
        } catch (error) {
          expect(error).toBeInstanceOf(PondusError);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("a checkpoint as bytes", () => {
  const problem = () => {
    const layer = nn.dense(2, 1, { dtype: "float64" });
    nn.initialize(layer, 2);
    const x = tensor(
      [
        [0, 1],
        [1, 2],
        [2, 0],
      ],
      { dtype: "float64" },
    );
    const loss = nn.mse(layer(x), tensor([[1], [2], [3]], { dtype: "float64" }));
    return { layer, options: { loss, parameters: layer, optimizer: optim.adam({ learningRate: 0.05 }) } };
  };

  test("a training that goes on from the bytes ends as one without the break", async () => {
    const straight = problem();
    await optim.fit({ ...straight.options, steps: 30 });
    const first = problem();
    const { checkpoint } = await optim.fit({ ...first.options, steps: 12 });
    const bytes = optim.encodeCheckpoint(checkpoint);
    expect(optim.decodeCheckpoint(bytes)).toEqual(checkpoint);
    const second = problem();
    await optim.fit({ ...second.options, steps: 30, resume: await optim.decodeCheckpoint(new Blob([bytes])) });
    expect([...nn.weightsOf(second.layer).weight.read()]).toEqual([...nn.weightsOf(straight.layer).weight.read()]);
  });

  test("a checkpoint before the first step, whose loss is not known", () => {
    const none = { step: 0, loss: Number.NaN, tensors: {}, history: [] };
    expect(optim.decodeCheckpoint(optim.encodeCheckpoint(none))).toEqual(none);
  });

  test("a file of weights is no checkpoint", () => {
    expect(() => optim.decodeCheckpoint(nn.encodeWeights(nn.dense(1, 1)))).toThrow(
      expect.objectContaining({
        code: "train.checkpoint",
        message: expect.stringMatching(/^the file holds no checkpoint/),
      }),
    );
  });
});
