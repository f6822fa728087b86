import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compile, nn, optim, type Program, repeat, tensor } from "pondus";
import { describe, expect, test, vi } from "vitest";
import type { Executable } from "../../src/backends/backend.ts";
import { native } from "../../src/backends/native/index.ts";
import { wasm } from "../../src/backends/wasm/index.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/**
 * Bytes by which memory may grow. The engine compiles what runs often, writes down the types that it met and forgets them
 * again, which moves the heap by some 100 KiB now and then; but what a run leaves behind it leaves at every run. So
 * the work is done in fifths of a hundred runs or more, and the middle one of their growths counts: 160 bytes a run would
 * be seen. Outside the heap, where arrays lie, nothing moves.
 */
const allowed = { heap: 2 ** 19, heapInAFifth: 2 ** 14, outside: 2 ** 12 };

interface Bytes {
  readonly heap: number;
  readonly outside: number;
}

/** What is in use when all that can be collected is: finalizers and weak references take some turns of the event loop. */
async function bytesInUse(): Promise<Bytes> {
  for (let turn = 0; turn < 4; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { heapUsed, external } = process.memoryUsage();
  // `external` counts the buffers of arrays too.
  return { heap: heapUsed, outside: external };
}

/** Runs `work` so many times, in fifths, once it is warm, and fails when memory grew. */
async function expectNoGrowth(work: () => Promise<unknown>, warmUp: number, turns: number): Promise<void> {
  for (let turn = 0; turn < warmUp; turn++) await work();
  const seen = [await bytesInUse()];
  for (let turn = 1; turn <= turns; turn++) {
    await work();
    if (turn % (turns / 5) === 0) seen.push(await bytesInUse());
  }
  const [first, last] = [seen[0], seen[5]];
  const fifths = seen.slice(1).map(({ heap }, k) => heap - seen[k].heap);
  expect(last.heap - first.heap, "bytes by which the heap grew").toBeLessThanOrEqual(allowed.heap);
  expect(fifths.sort((a, b) => a - b)[2], "in the middle fifth").toBeLessThanOrEqual(allowed.heapInAFifth);
  expect(last.outside - first.outside, "bytes beside the heap").toBeLessThanOrEqual(allowed.outside);
}

const wave = (rows: number, columns: number) =>
  tensor(Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i))).reshape([rows, columns]);

/** One step of training the network of the worked system `proteins`, with 256 samples. */
function trainingStep() {
  const layers = [nn.dense(100, 128), nn.relu, nn.dense(128, 64), nn.relu, nn.dense(64, 1)];
  const loss = nn.mse(nn.sequential(...layers)(wave(256, 100)), wave(256, 1));
  return { outputs: { loss }, ...optim.adam({ learningRate: 1e-3 }).minimize(loss) };
}

describe.each([native, wasm].map((backend) => [backend.name, backend] as const))("%s", (name, backend) => {
  const here = test.skipIf(backend.unavailable() !== undefined);

  /** The arena of the program that `run` makes run, as its arrays see it. */
  async function arenaOf(program: Program<never, never>): Promise<() => number> {
    const load = vi.spyOn(backend, "load");
    await program.load();
    const { parameters } = (await load.mock.results[0].value) as Executable;
    load.mockRestore();
    return () => Math.max(...[...parameters.values()].map((place) => place.buffer.byteLength));
  }

  here(
    "10,000 steps, in 500 runs, leave nothing behind",
    async () => {
      const program = compile(
        ({ count }) => {
          const { outputs, updates } = repeat(trainingStep(), count);
          return { ...outputs, updates };
        },
        { count: { shape: [], dtype: "int32" } },
        { backend: name },
      );
      const arena = await arenaOf(program as never);
      const before = arena();
      await expectNoGrowth(() => program.run({ count: 20 }), 200, 500);
      expect(arena()).toBe(before);
    },
    300_000,
  );

  here(
    "2,000 runs of one step leave nothing behind",
    async () => {
      const { outputs, updates } = trainingStep();
      const program = compile(() => ({ ...outputs, updates }), {}, { backend: name });
      const arena = await arenaOf(program as never);
      const before = arena();
      await expectNoGrowth(() => program.run(), 500, 2000);
      expect(arena()).toBe(before);
    },
    300_000,
  );
});
