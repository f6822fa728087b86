import { compile, grad, nn, optim, parameter, parameterOf, repeat } from "pondus";
import { describe, expect, test } from "vitest";
import { executableOf } from "../src/backends/executable.ts";
import { plain } from "../src/backends/wasm/features.ts";
import { machine } from "../src/backends/wasm/index.ts";
import { loadLoopProgram } from "../src/backends/wasm/load.ts";
import { compileGraph } from "../src/compiler/compile.ts";
import type { TypedArray } from "../src/graph/dtype.ts";

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

/** All that a program leaves behind after three runs; 0 threads is the calling one. */
async function resultsWith(threads: number, name: string): Promise<TypedArray[]> {
  const compiled = compileGraph(programs[name]().graph, machine);
  const program = { ...compiled.program, work: threads === 0 ? 0 : Number.POSITIVE_INFINITY };
  const { memory, run } = await loadLoopProgram(program, plain, threads);
  const executable = executableOf(compiled, memory, run);
  for (const [parameter, place] of executable.parameters) {
    place.set(parameter.trainable ? wave(parameter.size).map((x) => 0.1 * x) : new Float32Array(parameter.size));
  }
  for (const place of executable.inputs.values()) place.set(wave(place.length));
  for (let k = 0; k < 3; k++) await executable.run();
  return [...executable.outputs.values(), ...executable.parameters.values()];
}

describe.each(Object.keys(programs))("%s", (name) => {
  test("is the same to the last bit for any number of threads", async () => {
    const alone = await resultsWith(0, name);
    for (const threads of [1, 2, 3, 7]) expect(await resultsWith(threads, name)).toEqual(alone);
  });
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
    { backend: "wasm" },
  );
  return { home, program };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

test("while a run lasts, the event loop goes on, and what it changes cannot be read", async () => {
  const { home, program } = iteration();
  await program.run({ count: 1 });
  let ended = false;
  const run = program.run({ count: 3_000_000 }).then(({ steps }) => {
    ended = true;
    expect(steps.data.buffer).toBeInstanceOf(ArrayBuffer);
    return steps.item();
  });
  await tick();
  expect(ended).toBe(false);
  expect(() => home.read()).toThrow(expect.objectContaining({ code: "parameter.busy" }));
  expect(await run).toBe(3_000_000);
  expect(home.read()[0]).toBe(2);
  expect(home.read().buffer).toBeInstanceOf(ArrayBuffer);
});

test("runs take their turn", async () => {
  const { program } = iteration();
  const counts = [300_000, 1, 2];
  const ends: number[] = [];
  await Promise.all(counts.map((count) => program.run({ count }).then(({ steps }) => ends.push(steps.item()))));
  expect(ends).toEqual(counts);
});
