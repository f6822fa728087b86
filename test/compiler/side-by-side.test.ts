import { compile, parameter, scan, type Tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { printC } from "../../src/backends/native/print.ts";
import { machine as wasmMachine } from "../../src/backends/wasm/index.ts";
import { encode } from "../../src/backends/wasm/module/encode.ts";
import { plain } from "../../src/backends/wasm/module/features.ts";
import { printProgram } from "../../src/backends/wasm/print/print.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { Call, LoopProgram, Machine, Step } from "../../src/compiler/ir/loop.ts";
import { programs } from "../support/shared-work.ts";

type Repeat = Extract<Step<Call>, { kind: "repeat" }>;

/** Loops whose iterations run side by side. */
function apart(steps: readonly Step<Call>[]): Repeat[] {
  return steps.flatMap((step) => {
    if (step.kind === "launch") return [];
    if (step.kind === "branch") return [...apart(step.yes), ...apart(step.no)];
    if (step.kind === "while") return [...apart(step.test), ...apart(step.body)];
    return [...(step.apart ? [step] : []), ...apart(step.body)];
  });
}

const copied = ({ buffers }: LoopProgram) => buffers.filter((b) => b.stride !== undefined);

const machine: Machine = { vectorBytes: 32, registers: 16, mixedWidths: true };
const blocks = programs["a large batch, taken in blocks"];
const compiled = (make: () => ReturnType<typeof compile>, more: Partial<Machine>) =>
  compileGraph(make().graph, { ...machine, ...more }).program;

describe("iterations run side by side, and what they keep to themselves has a place for each thread,", () => {
  const alone = compiled(blocks, {});
  const two = compiled(blocks, { threads: 2 });

  test("where there are threads", () => {
    expect(apart(two.steps)).toHaveLength(1);
    expect(copied(two)).not.toEqual([]);
    expect(two.bytes).toBeGreaterThan(alone.bytes);
  });

  test.each<[string, Partial<Machine>]>([
    ["where there is one", {}],
    ["in a program that has too little work for threads", { threads: 2, aloneBelow: two.work + 1 }],
    ["where places for all are more than can be addressed", { threads: 2, addressable: two.bytes - 1 }],
  ])("but not %s", (_, more) => {
    const program = compiled(blocks, more);
    expect(apart(program.steps)).toEqual([]);
    expect(copied(program)).toEqual([]);
    expect(program.bytes).toBe(alone.bytes);
  });

  test("but not where an iteration has nothing to do", () => {
    const small = () => {
      const w = parameter([4], 1);
      const iteration = (_: unknown, { x }: { x: Tensor }) => ({ carry: {}, out: { y: x.mul(w).sum() } });
      return compile(({ x }) => ({ y: scan({}, iteration, { xs: { x } }).out.y }), { x: [20, 4] });
    };
    expect(apart(compiled(small as never, { threads: 2 }).steps)).toEqual([]);
  });

  test("of loops in one another the outermost that has several iterations", () => {
    const [loop, ...others] = apart(
      compiled(programs["iterations side by side, inside a single one"], { threads: 2 }).steps,
    );
    expect(loop.length).toBe(40);
    expect(others).toEqual([]);
  });
});

test("what is alone below some work has a program like that of a single thread, to the letter", () => {
  const c = (more: Partial<Machine>) => printC(compiled(blocks, more)).join("\n");
  expect(c({ threads: 2, aloneBelow: Number.POSITIVE_INFINITY })).toBe(c({}));
  expect(c({ threads: 2 })).toContain("iterations_0");
});

describe("on WebAssembly", () => {
  const functionsOf = (name: string, threaded: boolean) => {
    const { program } = compileGraph(programs[name]().graph, { ...wasmMachine, threads: 2 });
    const printed = printProgram(program, plain, threaded);
    expect(WebAssembly.validate(encode(printed))).toBe(true);
    return printed.functions;
  };
  const callsIn = (body: (typeof functions)[number]["body"]) =>
    body.flatMap(([name, number]) => (name === "call" ? [number] : []));
  const functions = functionsOf("a large batch, taken in blocks", true);

  test("iterations are a function that threads share, and threads share nothing in it", () => {
    const [iterations, ...others] = functions.filter(({ name }) => name.startsWith("iterations"));
    expect(others).toEqual([]);
    // By its number, after `together`.
    expect(iterations.exported).toBe(String(functions.indexOf(iterations) + 1));
    expect(callsIn(iterations.body).length).toBeGreaterThan(0);
    expect(callsIn(iterations.body)).not.toContain(0);
    const run = functions[functions.length - 1];
    expect(callsIn(run.body)).toContain(0);
  });

  test("one thread takes iterations one after another", () => {
    const names = functionsOf("a large batch, taken in blocks", false).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith("iterations"))).toEqual([]);
  });

  test("iterations are told the counters of the loops around them", () => {
    const [iterations] = functionsOf("iterations side by side, inside iterations that go in order", true).filter(
      ({ name }) => name.startsWith("iterations"),
    );
    const loads = iterations.body.filter(([name]) => name === "i32.load");
    expect(loads).toHaveLength(1);
  });
});
