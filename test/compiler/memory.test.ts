import * as fc from "fast-check";
import { compile, parameter, parameterOf, repeat } from "pondus";
import { expect, test } from "vitest";
import { executableOf } from "../../src/backends/executable.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { Buffer, LoopProgram, Place } from "../../src/compiler/ir/loop.ts";
import { bytesOf } from "../../src/graph/dtype.ts";
import type { Parameter } from "../../src/graph/parameter.ts";
import { interpretLoops, type Watcher } from "../support/loops/interpret.ts";
import { build, leavesOf, type Recipe, recipes } from "../support/random-graphs.ts";

const count = Number(process.env.PONDUS_PLANS ?? 150);

/**
 * Whoever reads an element of a buffer must find what was last written to that very buffer, or to one that lies in the
 * same place on purpose (a value that replaces another). The plan's own idea of lifetimes plays no part in this.
 */
class LastWriters implements Watcher {
  readonly #writers = new Map<number, Buffer>();
  readonly wrong = new Set<string>();

  /** Somebody outside fills a buffer. */
  give(buffer: Buffer): void {
    const bytes = buffer.length * bytesOf[buffer.dtype];
    for (let byte = 0; byte < bytes; byte += 4) this.#writers.delete(buffer.offset + byte);
  }

  write({ buffer }: Place, byte: number): void {
    this.#writers.set(byte, buffer);
    if (buffer.dtype === "float64") this.#writers.set(byte + 4, buffer);
  }

  read({ buffer, moving }: Place, byte: number): void {
    // Where a guard fails, something inside the buffer is read and dropped.
    if (moving) return;
    const writer = this.#writers.get(byte);
    const given = buffer.kind === "input" || buffer.kind === "parameter" || buffer.kind === "data";
    if (writer ? !samePlace(writer, buffer) : !given) {
      this.wrong.add(
        `${buffer.kind} ${buffer.id} reads what ${writer ? `${writer.kind} ${writer.id}` : "nobody"} wrote`,
      );
    }
  }
}

const samePlace = (a: Buffer, b: Buffer) => a.offset === b.offset && a.length === b.length && a.dtype === b.dtype;

function compiledOf(batch: readonly Recipe[]) {
  const leaves = batch.map((recipe, i) => leavesOf(recipe, `g${i}_`));
  const { graph } = compile(
    (x) =>
      Object.fromEntries(
        batch.flatMap((recipe, i) => {
          const { outputs } = build(
            recipe,
            leaves[i],
            leaves[i].map((l) => x[l.name]),
          );
          return Object.entries(outputs).map(([name, y]) => [`${i} ${name}`, y]);
        }),
      ),
    Object.fromEntries(leaves.flat().map((l) => [l.name, { shape: l.shape, dtype: l.dtype }])),
  );
  return {
    compiled: compileGraph(graph, { vectorBytes: 16, registers: 16, mixedWidths: true }),
    leaves: leaves.flat(),
  };
}

/** Bytes that a program would take if every buffer had its own. */
const apart = ({ buffers }: LoopProgram) =>
  buffers.reduce((sum, b) => sum + Math.ceil((b.length * (b.dtype === "float64" ? 8 : 4)) / 64) * 64, 0);

test(`${count} programs find in memory what they left there`, () => {
  let [planned, separate] = [0, 0];
  fc.assert(
    fc.property(fc.array(recipes, { minLength: 1, maxLength: 3 }), (batch) => {
      const { compiled, leaves } = compiledOf(batch);
      const memory = new ArrayBuffer(compiled.program.bytes);
      const watcher = new LastWriters();
      const { inputs, run } = executableOf(compiled, memory, () => interpretLoops(compiled.program, memory, watcher));
      for (let i = 0; i < 2; i++) {
        for (const { name, values } of leaves) inputs.get(name)?.set(values);
        for (const buffer of compiled.inputs.values()) watcher.give(buffer);
        run();
      }
      planned += compiled.program.bytes;
      separate += apart(compiled.program);
      expect([...watcher.wrong]).toEqual([]);
    }),
    { numRuns: count, seed: 1 },
  );
  expect(planned / separate).toBeLessThan(0.7);
});

test("what every iteration of a loop reads is not written over", async () => {
  const x = parameter([8, 8], -1);
  const w = parameter(
    [8, 8],
    Array.from({ length: 64 }, (_, i) => Math.cos(i) / 4),
  );
  // Below 0, so that it would end the loop if it were taken for its count.
  const value = x.matmul(w).square().neg().matmul(w.square());
  const program = compile(
    ({ count }) => {
      const step = { outputs: {}, updates: [{ parameter: parameterOf(x) as Parameter, value }] };
      const { outputs, updates } = repeat(step, count);
      return { ...outputs, updates };
    },
    { count: { shape: [], dtype: "int32" } },
    { backend: "wasm" },
  );
  expect((await program.run({ count: 5 })).steps.item()).toBe(5);
});
