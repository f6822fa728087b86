import { resolveObjectURL } from "node:buffer";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { executableOf } from "../../src/backends/executable.ts";
import { machine } from "../../src/backends/wasm/index.ts";
import { loadLoopProgram } from "../../src/backends/wasm/load.ts";
import { plain } from "../../src/backends/wasm/module/features.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import { along, at, type Call, type Index, type Step } from "../../src/compiler/ir/loop.ts";
import { type TypedArray, viewOf } from "../../src/graph/dtype.ts";
import { Arena, Hand, index, launch } from "../support/loops/by-hand.ts";
import { iteration, programs, resultsOf, wave } from "../support/shared-work.ts";

/** 0 threads is the calling one. */
async function resultsWith(threads: number, name: string): Promise<TypedArray[]> {
  const compiled = compileGraph(programs[name]().graph, { ...machine, threads });
  const program = { ...compiled.program, work: threads === 0 ? 0 : Number.POSITIVE_INFINITY };
  const { memory, run } = await loadLoopProgram(program, plain, threads);
  return resultsOf(executableOf(compiled, memory, run));
}

describe.each(Object.keys(programs))("%s", (name) => {
  test("is the same to the last bit for any number of threads", async () => {
    const alone = await resultsWith(0, name);
    for (const threads of [1, 2, 3, 7]) expect(await resultsWith(threads, name)).toEqual(alone);
  });
});

const tick = () => new Promise((resolve) => setImmediate(resolve));

test("while a run lasts, the event loop goes on, and what it changes cannot be read", async () => {
  const { home, program } = iteration("wasm");
  await program.run({ count: 1 });
  let ended = false;
  const run = program.run({ count: 3_000_000 }).then(({ steps }) => {
    ended = true;
    return steps;
  });
  await tick();
  expect(ended).toBe(false);
  expect(() => home.read()).toThrow(expect.objectContaining({ code: "parameter.busy" }));
  const steps = await run;
  expect(steps.item()).toBe(3_000_000);
  expect(home.read()[0]).toBe(2);
  // What is handed out is nobody else's.
  for (const { buffer } of [steps.data, home.read()]) expect(buffer).toBeInstanceOf(ArrayBuffer);
});

test("runs take their turn", async () => {
  const { program } = iteration("wasm");
  const counts = [300_000, 1, 2];
  const ends: number[] = [];
  await Promise.all(counts.map((count) => program.run({ count }).then(({ steps }) => ends.push(steps.item()))));
  expect(ends).toEqual(counts);
});

/** out[i] = x[where[i]], for so many i, by several threads. */
function lookup(size: number) {
  const arena = new Arena();
  const [x, out] = [arena.buffer("float32", size), arena.buffer("float32", size)];
  const where = arena.buffer("int32", size);
  const h = new Hand();
  h.for(0, size, 1, (i) => {
    const position = h.load("int32", 1, where, along(i));
    h.store(h.load("float32", 1, x, at(0), 1, { position, scale: 1 }), out, along(i));
  });
  const routine = h.routine("lookup");
  const body = routine.body.map((i) => (i.op === "for" ? { ...i, parallel: true } : i));
  const program = { ...arena.program(launch({ ...routine, body, parts: size })), work: Number.POSITIVE_INFINITY };
  return { program, x, out, where };
}

describe("a run in parts", () => {
  test.each([1, 2, 3])("is over when all parts are done: %i threads", async (threads) => {
    const { program, x, out, where } = lookup(29);
    const { memory, run } = await loadLoopProgram(program, plain, threads);
    viewOf("float32", memory, x.offset, 29).set(wave(29));
    viewOf("int32", memory, where.offset, 29).forEach((_, i, all) => {
      all[i] = 28 - i;
    });
    const result = viewOf("float32", memory, out.offset, 29);
    for (let k = 0; k < 1000; k++) {
      result.fill(0);
      await run();
      expect([...result]).toEqual([...wave(29)].reverse());
    }
  });

  test.each([1, 2, 3])("fails where a part fails, and the next run is as good as any: %i threads", async (threads) => {
    const { program, where } = lookup(29);
    const { memory, run } = await loadLoopProgram(program, plain, threads);
    const positions = viewOf("int32", memory, where.offset, 29);
    for (let k = 0; k < 29; k += 7) {
      positions[k] = 2 ** 29;
      await expect(run()).rejects.toThrow("memory access out of bounds");
      positions[k] = 0;
      await run();
    }
  });
});

test.each([1, 2, 3])("a routine that is shared in one place runs whole in turns: %i threads", async (threads) => {
  const arena = new Arena();
  const x = arena.buffer("float32", 4 * 40);
  const [turn, next] = [index(), index()];
  const h = new Hand();
  h.for(0, 40, 1, (i) => {
    const place = { offset: 0, terms: [...along(i).terms, ...along(turn, 40).terms] };
    h.store(h.compute("add", "float32", 1, h.load("float32", 1, x, place), h.constant("float32", 1, 1)), x, place);
  });
  const { body, ...rest } = h.routine("count", [turn]);
  const shared = { ...rest, body: body.map((i) => (i.op === "for" ? { ...i, parallel: true } : i)), parts: 8 };
  const call = (counter: Index): Step<Call> => ({ kind: "launch", kernel: { routine: shared, counters: [counter] } });
  const program = arena.program(
    { kind: "repeat", index: turn, length: 4, reverse: false, apart: true, body: [call(turn)] },
    { kind: "repeat", index: next, length: 2, reverse: false, body: [call(next)] },
  );
  const { memory, run } = await loadLoopProgram({ ...program, work: Number.POSITIVE_INFINITY }, plain, threads);
  const seen = viewOf("float32", memory, x.offset, x.length);
  for (let k = 1; k <= 100; k++) {
    await run();
    expect([...seen]).toEqual(Array.from({ length: 160 }, (_, i) => (i < 80 ? 2 * k : k)));
  }
});

test("workers do parts at the same time", async () => {
  const arena = new Arena();
  const done = arena.buffer("float32", 8);
  const h = new Hand();
  h.for(0, 8, 1, (i) => {
    const x = h.declare(h.constant("float32", 1, 1));
    h.for(0, 5_000_000, 1, () => h.assign(x, h.compute("mul", "float32", 1, x, h.constant("float32", 1, 1))));
    h.store(x, done, along(i));
  });
  const routine = h.routine("slow");
  const body = routine.body.map((i) => (i.op === "for" ? { ...i, parallel: true } : i));
  const program = { ...arena.program(launch({ ...routine, body, parts: 8 })), work: Number.POSITIVE_INFINITY };
  const { memory, run } = await loadLoopProgram(program, plain, 2);
  const seen = viewOf("float32", memory, done.offset, 8);
  let helped = false;
  // The leader by itself does one after the other.
  for (let k = 0; k < 50 && !helped; k++) {
    seen.fill(0);
    let over = false;
    Promise.resolve(run()).finally(() => {
      over = true;
    });
    while (!over) {
      await tick();
      helped ||= seen[4] === 1 && seen[3] === 0;
    }
  }
  expect(helped).toBe(true);
});

/** An engine that has other workers: `Worker` stands for Node's class. */
function workersAre(Worker: unknown): void {
  vi.doMock("node:worker_threads", () => ({ Worker }));
}

/** Threads as a page has them. */
function browserHas(Worker: unknown, crossOriginIsolated: boolean): void {
  vi.doMock("#host/threads", () => import("../../src/host/browser/threads.ts"));
  vi.stubGlobal("Worker", Worker);
  vi.stubGlobal("crossOriginIsolated", crossOriginIsolated);
}

/** Pondus as a new process would see it: no workers yet. */
async function fresh(): Promise<typeof loadLoopProgram> {
  vi.resetModules();
  return (await import("../../src/backends/wasm/load.ts")).loadLoopProgram;
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.doUnmock("node:worker_threads");
  vi.doUnmock("#host/threads");
});

describe("a long program runs on the thread that calls", () => {
  test.each<[string, () => void]>([
    ["without shared memory", () => vi.stubGlobal("SharedArrayBuffer", undefined)],
    ["without workers", () => browserHas(undefined, true)],
    [
      "where a worker may not be started",
      () =>
        workersAre(function forbidden() {
          throw new Error("not allowed");
        }),
    ],
    [
      "where a worker ends before it comes",
      () =>
        workersAre(
          class extends Worker {
            constructor() {
              super("process.exit(1)", { eval: true });
            }
          },
        ),
    ],
  ])("%s", async (_, arrange) => {
    arrange();
    const load = await fresh();
    const { memory, run } = await load(lookup(29).program, plain, 2);
    expect(memory).toBeInstanceOf(ArrayBuffer);
    expect(run()).toBeUndefined();
  });
});

test("a worker that ends while it runs: the run fails, and the next one has another worker", async () => {
  const started: Worker[] = [];
  workersAre(
    class extends Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        started.push(this);
      }
    },
  );
  const load = await fresh();
  const arena = new Arena();
  const buffer = arena.buffer("bool", 1);
  const flag = { buffer, at: at(0) };
  const endless = arena.program({ kind: "while", index: index(), limit: undefined, test: [], flag, body: [] });
  const { memory, run } = await load({ ...endless, work: Number.POSITIVE_INFINITY }, plain, 1);
  viewOf("bool", memory, buffer.offset, 1)[0] = 1;
  const running = run();
  setTimeout(() => started[0].terminate(), 20);
  await expect(running).rejects.toMatchObject({ code: "wasm.worker" });
  viewOf("bool", memory, buffer.offset, 1)[0] = 0;
  await run();
  expect(started).toHaveLength(2);
});

/** A browser's worker, on top of Node's. */
class WebWorker {
  onmessage: (event: { data: unknown }) => void = () => {};
  readonly #worker: Promise<Worker>;

  constructor(url: string) {
    this.#worker = this.#start(url);
  }

  postMessage(message: unknown): void {
    this.#worker.then((worker) => worker.postMessage(message));
  }

  async #start(url: string): Promise<Worker> {
    const source = await resolveObjectURL(url)?.text();
    const worker = new Worker(
      `const { parentPort } = require("node:worker_threads");
       globalThis.self = {
         postMessage: (message) => parentPort.postMessage(message),
         set onmessage(listen) { parentPort.on("message", (data) => listen({ data })); },
       };
       new Function("require", ${JSON.stringify(source)})();`,
      { eval: true },
    );
    worker.unref();
    return worker.on("message", (data) => this.onmessage({ data }));
  }
}

test.each([true, false])("web workers, where the page is isolated: %s", async (isolated) => {
  browserHas(WebWorker, isolated);
  const load = await fresh();
  const { program, x, out } = lookup(29);
  const { memory, run } = await load(program, plain, 2);
  expect(memory).toBeInstanceOf(isolated ? SharedArrayBuffer : ArrayBuffer);
  viewOf("float32", memory, x.offset, 29).fill(3);
  for (let k = 0; k < 10; k++) await run();
  expect([...viewOf("float32", memory, out.offset, 29)]).toEqual(Array(29).fill(3));
});

test.each([
  ["here", 0],
  ["in workers", Number.POSITIVE_INFINITY],
])("memory of programs that are no more is free again, %s", async (_, work) => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const bytes = 2 ** 26;
  const program = { ...new Arena().program(), bytes, work };
  const before = process.memoryUsage().rss;
  for (let k = 0; k < 40; k++) {
    const { memory, run } = await loadLoopProgram(program, plain, 2);
    // What is not touched takes no room.
    new Uint8Array(memory).fill(1);
    await run();
    if (k % 8 === 0) collect();
    await tick();
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(20 * bytes);
});

describe("a process", () => {
  const library = pathToFileURL(resolve(import.meta.dirname, "../../dist/index.js")).href;
  const program = `
    import { compile, parameter, parameterOf, repeat } from ${JSON.stringify(library)};
    const x = parameter([1000], 0);
    const step = { outputs: {}, updates: [{ parameter: parameterOf(x), value: x.add(1) }] };
    const many = ({ count }) => {
      const { outputs, updates } = repeat(step, count);
      return { ...outputs, updates };
    };
    const compiled = compile(many, { count: { shape: [], dtype: "int32" } }, { backend: "wasm" });
    const run = (count) => compiled.run({ count });
    const endless = 2 ** 31 - 1;
    await run(1);
  `;
  const ends = (rest: string) => {
    const args = ["--input-type=module", "--eval", program + rest];
    const { status, signal, stdout } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 30_000 });
    return { status, signal, stdout };
  };

  test("ends by itself, after the runs that it asked for", () => {
    expect(ends("run(100_000).then(() => console.log('done'))")).toEqual({ status: 0, signal: null, stdout: "done\n" });
  });

  test("can be ended while it runs, and interrupted", () => {
    expect(ends("run(endless); setTimeout(() => process.exit(7), 50)").status).toBe(7);
    const interrupted = "run(endless); setTimeout(() => process.kill(process.pid, 'SIGINT'), 50);";
    expect(ends(interrupted).signal).toBe("SIGINT");
    expect(ends(`process.once("SIGINT", () => process.exit(130)); ${interrupted}`).status).toBe(130);
  });
});
