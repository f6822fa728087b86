import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { compile, type Outputs, type Tensor } from "pondus";
import { afterAll, describe, expect, test } from "vitest";
import { executableOf } from "../../src/backends/executable.ts";
import { hostOf } from "../../src/backends/native/host.ts";
import { native } from "../../src/backends/native/index.ts";
import { inspect } from "../../src/backends/native/inspect.ts";
import { openLibrary } from "../../src/backends/native/library.ts";
import { printC } from "../../src/backends/native/print.ts";
import { commandFor } from "../../src/backends/native/toolchain.ts";
import type { GraphProgram } from "../../src/graph/program.ts";
import type { Case } from "../support/cases/case.ts";
import { cases } from "../support/cases.ts";
import { compileFenced, type Fenced } from "../support/fenced.ts";
import { build, leavesOf, type Recipe, recipes } from "../support/random-graphs.ts";

/**
 * The C of every case and of random graphs, built with the address and undefined-behaviour sanitizers, with a fence behind
 * every array. Sanitizers must be in a process before all else: the test starts one, in which it runs itself. More of
 * them: PONDUS_GRAPHS=5000 PONDUS_GRAPH_SEED=7 npm test -- sanitizers
 */
const count = Number(process.env.PONDUS_GRAPHS ?? 300);
const seed = Number(process.env.PONDUS_GRAPH_SEED ?? 1);
/** In the process with sanitizers, a folder for what it makes. */
const scratch = process.env.PONDUS_SANITIZED;
/** Unoptimised: what is checked is the program that was printed, and it compiles in half of the time. */
const flags = ["-fsanitize=address,undefined", "-fsanitize-recover=address,undefined", "-O0"];

/** The sanitizer's library, where the compiler has one. */
function sanitizer(): string | undefined {
  const found = inspect();
  if (found.problem !== undefined || process.platform !== "linux" || !found.toolchain.isGcc) return undefined;
  const { path, args } = found.toolchain;
  const library = execFileSync(path, [...args, "-print-file-name=libasan.so"], { encoding: "utf8" }).trim();
  return library.startsWith("/") ? library : undefined;
}

/** Cases and graphs in one program, which spares the C compiler most of its starts. */
const perProgram = 12;

if (scratch === undefined) startSanitized();
else runSanitized(scratch);

function startSanitized(): void {
  const library = native.unavailable() === undefined ? sanitizer() : undefined;
  if (!library) {
    test.skip("sanitizers (skipped: they need Linux, and a gcc that has them)", () => {});
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "pondus-sanitizers-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  test("no case and no random graph leaves its arrays or does what C leaves undefined", {
    timeout: 600_000 + 500 * count,
  }, async () => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const own = fileURLToPath(import.meta.url);
    const env = {
      ...process.env,
      LD_PRELOAD: library,
      ASAN_OPTIONS: "halt_on_error=0:detect_leaks=0",
      PONDUS_SANITIZED: folder,
    };
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const run = promisify(execFile)(process.execPath, [vitest, "run", own], { cwd: root, env, maxBuffer: 2 ** 26 });
    const { stdout } = await run.catch((error) => {
      throw new Error(`${error.stdout}\n${error.stderr}`);
    });
    expect(stdout).toMatch(/Tests .*passed/);
  });
}

function runSanitized(folder: string): void {
  const { toolchain, machine } = inspect() as Extract<ReturnType<typeof inspect>, { problem?: undefined }>;
  const address = openLibrary(sanitizer() as string);
  const close = address.func("void __asan_poison_memory_region(void *from, size_t bytes)");
  const open = address.func("void __asan_unpoison_memory_region(void *from, size_t bytes)");

  // Sanitizers write to the standard error, which is a file from here on.
  const log = join(folder, "log");
  openLibrary("libc.so.6").func("int dup2(int from, int to)")(openSync(log, "a"), 2);
  let read = 0;
  /** What sanitizers said since they were asked last. */
  const reports = () => {
    const all = readFileSync(log, "utf8").split("\n");
    const fresh = all.slice(read).filter((line) => /runtime error|ERROR: AddressSanitizer/.test(line));
    read = all.length - 1;
    return fresh.join("\n");
  };

  let made = 0;
  async function build(source: string) {
    const target = join(folder, `${made++}.so`);
    const { path } = toolchain;
    const compiling = promisify(execFile)(path, [...commandFor(toolchain, target), ...flags], { maxBuffer: 2 ** 24 });
    compiling.child.stdin?.end(source);
    await compiling;
    return openLibrary(target);
  }

  interface Built extends Fenced {
    readonly code: ReturnType<typeof openLibrary>;
    readonly threads: number;
  }

  async function buildFenced(graph: GraphProgram, threads = 1): Promise<Built> {
    const fenced = compileFenced(graph, { ...machine, threads });
    return { ...fenced, threads, code: await build(printC(fenced.compiled.program).join("\n")) };
  }

  /** Runs a program on inputs, some times over. */
  async function run(built: Built, inputs: { readonly [name: string]: readonly number[] }, runs = 1): Promise<void> {
    const { compiled, fences, code, threads } = built;
    const arena = new Uint8Array(compiled.program.bytes + 64);
    const aligned = arena.subarray(Number(code.func("long pondus_align(void *m)")(arena)));
    const team = (await hostOf(toolchain)).team(threads);
    const call = code.func("void pondus_run(void *m, void *team)");
    const program = executableOf(compiled, aligned.buffer, () => call(aligned, team), { start: aligned.byteOffset });
    for (const [parameter, place] of program.parameters) place.set(parameter.peek());
    for (const { from, to } of fences) close(aligned.subarray(from), to - from);
    for (let i = 0; i < runs; i++) {
      for (const [name, place] of program.inputs) place.set(inputs[name]);
      program.run();
    }
    open(arena, arena.byteLength);
  }

  describe("sanitizers see", () => {
    test.each(["input", "output"])("an access right behind an array: %s", async (kind) => {
      const { graph } = compile(({ x }) => ({ y: x.mul(2) }), { x: [37] });
      const built = await buildFenced(graph);
      const array = built.compiled.program.buffers.find((b) => b.kind === kind);
      const end = (array?.offset ?? 0) + 4 * 37;
      const closer = built.fences.map((fence) => (fence.from === end ? { ...fence, from: end - 4 } : fence));
      const inputs = { x: new Array(37).fill(1) };
      await run(built, inputs);
      expect(reports()).toBe("");
      await run({ ...built, fences: closer }, inputs);
      expect(reports()).toContain("use-after-poison");
    });

    test("what C leaves undefined", async () => {
      const code = await build("int undefined(int by) { return 1 << by; }");
      code.func("int undefined(int by)")(40);
      expect(reports()).toContain("shift exponent 40 is too large");
    });
  });

  const all = [...cases, ...fc.sample(recipes, { numRuns: count, seed }).map(caseOf)];
  const groups = Array.from({ length: Math.ceil(all.length / perProgram) }, (_, i) =>
    all.slice(i * perProgram, (i + 1) * perProgram),
  );
  // Compilers work ahead of the programs that run, as many as there are processors.
  const programs: Promise<{ built: Built; inputs: ReturnType<typeof together>["inputs"] }>[] = [];
  const program = (i: number) => {
    for (let k = programs.length; k < Math.min(groups.length, i + availableParallelism()); k++) {
      const { graph, inputs } = together(groups[k]);
      // On one thread and on two in turn, which have copies of what a loop's turns keep to themselves.
      programs.push(buildFenced(graph, 1 + (k % 2)).then((built) => ({ built, inputs })));
    }
    return programs[i];
  };
  test.each(groups.map((group, i) => [i, group] as const))("cases and random graphs, part %i", async (i, group) => {
    const { built, inputs } = await program(i);
    await run(built, inputs, Math.max(...group.map((c) => c.runs ?? 1)));
    const found = reports();
    expect(found && `${found}\nin one of: ${group.map((c) => c.name).join("; ")}`).toBe("");
  });
}

/** A random graph as a case. */
function caseOf(recipe: Recipe): Case {
  const leaves = leavesOf(recipe);
  return {
    name: `the random graph ${JSON.stringify(recipe)}`,
    inputs: Object.fromEntries(leaves.map((l) => [l.name, l])),
    f: (x) =>
      build(
        recipe,
        leaves,
        leaves.map((l) => x[l.name]),
      ).outputs,
  };
}

/** Several cases as one program. */
function together(group: readonly Case[]): {
  graph: GraphProgram;
  inputs: { readonly [name: string]: readonly number[] };
} {
  const named = group.flatMap(({ inputs }, i) =>
    Object.entries(inputs).map(([name, x]) => [`${i} ${name}`, x] as const),
  );
  const { graph } = compile(
    (given): Outputs => {
      const own = group.map(({ inputs, f }, i) => {
        const { updates = [], ...outputs } = f(
          Object.fromEntries(Object.keys(inputs).map((name) => [name, given[`${i} ${name}`]])),
        );
        return { updates, outputs: Object.entries(outputs).map(([name, y]) => [`${i} ${name}`, y as Tensor] as const) };
      });
      return { ...Object.fromEntries(own.flatMap((o) => o.outputs)), updates: own.flatMap((o) => o.updates) };
    },
    Object.fromEntries(named.map(([name, { shape, dtype }]) => [name, { shape, dtype }])),
  );
  return { graph, inputs: Object.fromEntries(named.map(([name, x]) => [name, x.values])) };
}
