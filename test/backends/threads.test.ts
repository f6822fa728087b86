import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { compile, nn, type Outputs, type Tensor } from "pondus";
import { beforeAll, describe, expect, test } from "vitest";
import { loadNative, native } from "../../src/backends/native/index.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { Call, Machine, Step } from "../../src/compiler/ir/loop.ts";
import type { TypedArray } from "../../src/graph/dtype.ts";
import { iteration, programs, resultsOf } from "../support/shared-work.ts";

const nativeTest = test.skipIf(native.unavailable() !== undefined);

async function resultsWith(threads: number, name: string): Promise<TypedArray[]> {
  return resultsOf(await loadNative(programs[name]().graph, undefined, threads));
}

describe.each(Object.keys(programs))("%s", (name) => {
  nativeTest("is the same to the last bit for any number of threads", async () => {
    const alone = await resultsWith(1, name);
    for (const threads of [2, 3, 7]) expect(await resultsWith(threads, name)).toEqual(alone);
  });
});

const machine: Machine = { vectorBytes: 64, registers: 32, mixedWidths: true };

function partsOf(f: (x: { readonly x: Tensor }) => Outputs, shape: readonly number[]): number[] {
  const { program } = compileGraph(compile(f as never, { x: shape }).graph, machine);
  const parts = (steps: readonly Step<Call>[]): number[] =>
    steps.flatMap((s) => (s.kind === "launch" ? [s.kernel.routine.parts] : []));
  return parts(program.steps);
}

test("work that pays is shared, and small work is not", () => {
  const layer = nn.dense(512, 512);
  expect(Math.max(...partsOf(({ x }) => ({ y: layer(x) }), [128, 512]))).toBeGreaterThan(1);
  const small = nn.dense(64, 64);
  expect(partsOf(({ x }) => ({ y: small(x) }), [1, 64])).toEqual([1]);
  expect(partsOf(({ x }) => ({ y: x.tanh() }), [1_000_000])[0]).toBeGreaterThan(1);
  expect(partsOf(({ x }) => ({ y: x.tanh() }), [100])).toEqual([1]);
});

nativeTest("while a run lasts, the event loop goes on, and what it changes cannot be read", async () => {
  const { home, program } = iteration("native");
  await program.run({ count: 1 });
  let ended = false;
  const run = program.run({ count: 20_000_000 }).then(({ steps }) => {
    ended = true;
    return steps.item();
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  expect(() => home.read()).toThrow(expect.objectContaining({ code: "parameter.busy" }));
  expect(await run).toBe(20_000_000);
  expect(home.read()[0]).toBe(2);
});

nativeTest("runs take their turn", async () => {
  const { program } = iteration("native");
  const counts = [3_000_000, 1, 2];
  const ends: number[] = [];
  await Promise.all(counts.map((count) => program.run({ count }).then(({ steps }) => ends.push(steps.item()))));
  expect(ends).toEqual(counts);
});

/** What comes of a process that runs a program with two threads, and then does `last`. */
function processThat(last: string): Promise<{ code: number | null; signal: string | null; said: string }> {
  const text = `
    import { compile, parameter, whileLoop } from "pondus";
    const w = parameter([512, 512], 0.01);
    const times = (count, x) =>
      whileLoop({ i: count, y: x }, ({ i }) => i.gt(0), ({ i, y }) => ({ i: i.sub(1), y: y.matmul(w).tanh() }));
    const types = { x: [128, 512], count: { shape: [], dtype: "int32" } };
    const program = compile(({ x, count }) => ({ y: times(count, x).y }), types, { backend: "native" });
    const run = (count) => program.run({ x: new Float32Array(128 * 512).fill(0.1), count });
    await run(3);
    console.log("ran");
    ${last}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", text], {
    cwd: join(import.meta.dirname, "../.."),
    env: { ...process.env, PONDUS_THREADS: "2" },
    timeout: 30_000,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
  }
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, said })));
}

describe.skipIf(native.unavailable() !== undefined)("a process that has run threads ends", () => {
  // What is stale is built once, and a package refers to itself by its built files.
  beforeAll(() => execFileSync(process.execPath, [join(import.meta.dirname, "../../scripts/ensure.mjs")]));
  test.each([
    ["by itself", ""],
    ["by itself after a long run", "await run(500);"],
    // Node waits for what its threads are doing: such an end comes when the run has ended.
    ["by exit() in the middle of a run", "run(1000); setTimeout(() => process.exit(0), 30);"],
    ["by exit() as soon as a run has begun", "run(1000); setImmediate(() => process.exit(0));"],
  ])("%s, with status 0", async (_, last) => {
    for (let turn = 0; turn < 3; turn++)
      expect(await processThat(last)).toEqual({ code: 0, signal: null, said: "ran\n" });
  });
});
