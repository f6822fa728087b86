import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { compile, grad, nn, type Outputs, optim, parameter, parameterOf, repeat, type Tensor } from "pondus";
import { beforeAll, describe, expect, test } from "vitest";
import { loadNative, native } from "../src/backends/native/index.ts";
import { compileGraph } from "../src/compiler/compile.ts";
import type { Call, Machine, Step } from "../src/compiler/loop.ts";
import type { TypedArray } from "../src/graph/dtype.ts";

const nativeTest = test.skipIf(native.unavailable() !== undefined);

const wave = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(1 + 7 * i));

/** Large enough that threads share the work, and with edges that no tile divides. */
const programs: { readonly [name: string]: () => ReturnType<typeof compile> } = {
  "a product, its epilogue and its transposed forms": () => {
    const [a, b] = [parameter([301, 203], 0.1), parameter([203, 151], 0.1)];
    return compile(
      ({ x }) => {
        const y = x.matmul(a).matmul(b).tanh();
        return { y, da: grad(y.square().sum(), a), db: grad(y.square().sum(), b) };
      },
      { x: [211, 301] },
    ) as never;
  },
  "a large batch, taken in blocks": () => {
    const model = nn.sequential(nn.dense(64, 96), nn.tanh, nn.dense(96, 96), nn.tanh, nn.dense(96, 1));
    return compile(
      ({ x }) => {
        const y = model(x);
        const { updates } = optim.sgd({ rate: 0.1 }).minimize(y.square().mean());
        return { y, updates };
      },
      { x: [4096, 64] },
    ) as never;
  },
  "elementwise work, sums of rows and of everything": () =>
    compile(({ x }) => ({ e: x.exp().mul(x), rows: x.square().sum(1), all: x.sum() }), { x: [517, 331] }) as never,
  "training steps": () => {
    const model = nn.sequential(nn.dense(301, 203), nn.relu, nn.dense(203, 3));
    return compile(
      ({ x }) => {
        const loss = model(x).square().mean();
        const { updates } = optim.adam({ rate: 1e-2 }).minimize(loss);
        return { loss, updates };
      },
      { x: [211, 301] },
    ) as never;
  },
};

/** All that a program leaves behind after three runs. */
async function resultsWith(threads: number, name: string): Promise<TypedArray[]> {
  const { graph } = programs[name]();
  const executable = await loadNative(graph, undefined, threads);
  for (const [parameter, place] of executable.parameters) {
    place.set(parameter.trainable ? wave(parameter.size).map((x) => 0.1 * x) : new Float32Array(parameter.size));
  }
  for (const place of executable.inputs.values()) place.set(wave(place.length));
  for (let run = 0; run < 3; run++) await executable.run();
  return [...executable.outputs.values(), ...executable.parameters.values()];
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

/** x <- x / 2 + 1, so many times. */
function iteration() {
  const x = parameter([1000], 0);
  const home = parameterOf(x);
  if (!home) throw new Error("not a parameter");
  const program = compile(
    ({ count }) => {
      const many = repeat({ outputs: {}, updates: [{ parameter: home, value: x.mul(0.5).add(1) }] }, count);
      return { steps: many.outputs.steps, updates: many.updates };
    },
    { count: { shape: [], dtype: "int32" } },
    { backend: "native" },
  );
  return { home, program };
}

nativeTest("while a run lasts, the event loop goes on, and what it changes cannot be read", async () => {
  const { home, program } = iteration();
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
  const { program } = iteration();
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
    cwd: join(import.meta.dirname, ".."),
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
  beforeAll(() => execFileSync(process.execPath, [join(import.meta.dirname, "../scripts/ensure.mjs")]));
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
