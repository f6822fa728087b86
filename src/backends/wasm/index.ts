import { compileGraph } from "../../compiler/compile.ts";
import type { Machine } from "../../compiler/loop.ts";
import type { Backend } from "../backend.ts";
import { executableOf } from "../executable.ts";
import { loadLoopProgram, whyUnavailable } from "./load.ts";

/** Engines spill beyond about twelve live vectors, though there are sixteen registers. */
export const machine: Machine = { vectorBytes: 16, registers: 12, mixedWidths: false };

/** WebAssembly with vectors of 128 bits: wherever JavaScript runs. */
export const wasm: Backend = {
  name: "wasm",
  unavailable: whyUnavailable,
  load: async (program) => {
    const compiled = compileGraph(program, machine);
    const { memory, run } = await loadLoopProgram(compiled.program);
    return executableOf(compiled, memory, run);
  },
};
