import { compile } from "pondus";
import { executableOf } from "../../../src/backends/executable.ts";
import { machine } from "../../../src/backends/wasm/index.ts";
import { loadLoopProgram } from "../../../src/backends/wasm/load.ts";
import { compileGraph } from "../../../src/compiler/compile.ts";
import type { TypedArray } from "../../../src/graph/dtype.ts";
import type { Case } from "../cases/case.ts";
import { cases } from "../cases.ts";
import { programs, resultsOf } from "../shared-work.ts";

/** The bits of numbers, as text: all of them where they are few, else what tells them from others. */
function bitsOf({ buffer, byteOffset, byteLength }: TypedArray): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  if (bytes.length <= 512) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  // FNV-1a, twice with different starts.
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x01000193) + 1;
  }
  return `${bytes.length} bytes, ${a >>> 0} ${b >>> 0}`;
}

async function resultOf({ inputs, f, runs = 1 }: Case): Promise<string[]> {
  const types = Object.entries(inputs).map(([name, { shape, dtype }]) => [name, { shape, dtype }]);
  const program = compile(f, Object.fromEntries(types), { backend: "wasm" });
  const values = Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, [...x.values]]));
  const bits: string[] = [];
  for (let i = 0; i < runs; i++) {
    const outputs = await program.run(values);
    for (const { data } of Object.values(outputs)) bits.push(bitsOf(data));
    for (const { parameter } of program.graph.updates) bits.push(bitsOf(parameter.read()));
  }
  return bits;
}

/** What each case of the backends' suite gives on WebAssembly here. */
export async function resultsOfCases(): Promise<{ [name: string]: string[] }> {
  const results: { [name: string]: string[] } = {};
  for (const c of cases) results[c.name] = await resultOf(c);
  return results;
}

/** What programs give that threads share where there are threads: two of them. */
export async function resultsOfSharedWork(): Promise<{ [name: string]: string[] }> {
  const results: { [name: string]: string[] } = {};
  for (const [name, program] of Object.entries(programs)) {
    const compiled = compileGraph(program().graph, { ...machine, threads: 2 });
    const long = { ...compiled.program, work: Number.POSITIVE_INFINITY };
    const { memory, run } = await loadLoopProgram(long, undefined, 2);
    results[name] = (await resultsOf(executableOf(compiled, memory, run))).map(bitsOf);
  }
  return results;
}
