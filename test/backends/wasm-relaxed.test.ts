import { compile } from "pondus";
import { afterEach, describe, expect, test } from "vitest";
import { machine } from "../../src/backends/wasm/index.ts";
import { loadLoopProgram } from "../../src/backends/wasm/load.ts";
import { features } from "../../src/backends/wasm/module/features.ts";
import { textOf } from "../../src/backends/wasm/module/text.ts";
import { printProgram } from "../../src/backends/wasm/print/print.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import { along, at } from "../../src/compiler/ir/loop.ts";
import { viewOf } from "../../src/graph/dtype.ts";
import { vectorOf } from "../support/loops/agree.ts";
import { Arena, Hand, launch } from "../support/loops/by-hand.ts";
import { enableRelaxedSimd } from "../support/relaxed-simd.ts";

const before = process.env.PONDUS_RELAXED_SIMD;
delete process.env.PONDUS_RELAXED_SIMD;
const has = enableRelaxedSimd();

describe.skipIf(!has)("relaxed SIMD", () => {
  afterEach(() => {
    if (before === undefined) delete process.env.PONDUS_RELAXED_SIMD;
    else process.env.PONDUS_RELAXED_SIMD = before;
  });

  test("PONDUS_RELAXED_SIMD=0 does without", () => {
    expect(features()).toEqual({ relaxed: true });
    process.env.PONDUS_RELAXED_SIMD = "0";
    expect(features()).toEqual({ relaxed: false });
  });

  test("a product's inner loop multiplies and adds in one instruction", () => {
    const { graph } = compile(({ x, y }) => ({ z: x.matmul(y) }), { x: [12, 5], y: [5, 16] });
    const { program } = compileGraph(graph, machine);
    const text = (relaxed: boolean) => textOf(printProgram(program, { relaxed }));
    expect(text(true).match(/f32x4\.relaxed_madd/g)).toHaveLength(8);
    expect(text(true)).not.toContain("f32x4.mul");
    expect(text(false).match(/f32x4\.mul/g)).toHaveLength(8);
    expect(text(false)).not.toContain("relaxed");
  });

  // a a + c, where a a must be rounded unless it is added before: the exact result is a power of two.
  test.each([
    { type: "float32", a: 1 + 2 ** -12, c: -(1 + 2 ** -11), exact: 2 ** -24 },
    { type: "float64", a: 1 + 2 ** -30, c: -(1 + 2 ** -29), exact: 2 ** -60 },
  ] as const)("fma of $type rounds once or twice, in its own order of operands", async ({ type, a, c, exact }) => {
    const arena = new Arena();
    const lanes = vectorOf[type];
    const [x, y, z, out] = [1, 1, 1, 2].map((n) => arena.buffer(type, n * lanes));
    const h = new Hand();
    const [left, right, added] = [x, y, z].map((buffer) => h.load(type, lanes, buffer, at(0)));
    h.store(h.compute("fma", type, lanes, left, right, added), out, at(0));
    h.store(h.compute("fma", type, lanes, left, added, right), out, at(lanes));
    const program = arena.program(launch(h.routine("fma")));
    const { memory, run } = await loadLoopProgram(program, { relaxed: true });
    const view = ({ offset, length }: typeof x) => viewOf(type, memory, offset, length);
    const fill = (values: [number, number, number]) => [x, y, z].forEach((b, i) => view(b).fill(values[i]));
    fill([a, a, c]);
    await run();
    expect([0, exact]).toContain(view(out)[0]);
    fill([2, 3, 5]);
    await run();
    expect([...view(out)]).toEqual([...Array(lanes).fill(11), ...Array(lanes).fill(13)]);
  });

  test.each(["float32", "float64"] as const)("fma of a %s rounds as a lane of a vector does", async (type) => {
    const lanes = vectorOf[type];
    const arena = new Arena();
    const [x, y, z, inVectors, alone] = Array.from({ length: 5 }, () => arena.buffer(type, 64));
    const h = new Hand();
    for (const [step, out] of [
      [lanes, inVectors],
      [1, alone],
    ] as const) {
      h.for(0, 64, step, (i) => {
        const args = [x, y, z].map((buffer) => h.load(type, step, buffer, along(i)));
        h.store(h.compute("fma", type, step, ...args), out, along(i));
      });
    }
    const { memory, run } = await loadLoopProgram(arena.program(launch(h.routine("fma"))), { relaxed: true });
    const view = ({ offset, length }: typeof x) => viewOf(type, memory, offset, length);
    // What is added nearly takes the product away, so that its rounding shows.
    view(x).set(Array.from({ length: 64 }, (_, i) => 1 + Math.sin(i) / 8));
    view(y).set(Array.from({ length: 64 }, (_, i) => 1 + Math.cos(i) / 8));
    view(z).set(Array.from({ length: 64 }, (_, i) => -view(x)[i] * view(y)[i]));
    await run();
    expect([...view(alone)]).toEqual([...view(inVectors)]);
  });
});
