import { compileGraph } from "../../compiler/compile.ts";
import type { Machine } from "../../compiler/loop.ts";
import type { Backend } from "../backend.ts";
import { executableOf } from "../executable.ts";
import { type Features, features, plain } from "./features.ts";
import { loadLoopProgram, whyUnavailable } from "./load.ts";

/**
 * Of the sixteen registers an engine keeps one, and those of products on their way to a sum: a tile of 4 x 2 vectors
 * reaches the processor's limit of multiplications and additions, and larger ones spill. Where both are one instruction
 * there are no such products, and the limit is another: 6 x 2 vectors need the fewest loads and do not spill.
 */
export function machineFor({ relaxed }: Features): Machine {
  return { vectorBytes: 16, registers: relaxed ? 16 : 12, mixedWidths: false };
}

/** For engines without relaxed SIMD. */
export const machine = machineFor(plain);

/** WebAssembly with vectors of 128 bits: wherever JavaScript runs. */
export const wasm: Backend = {
  name: "wasm",
  unavailable: whyUnavailable,
  load: async (program) => {
    const has = features();
    const compiled = compileGraph(program, machineFor(has));
    const { memory, run } = await loadLoopProgram(compiled.program, has);
    return executableOf(compiled, memory, run);
  },
};
