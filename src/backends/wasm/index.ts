import { threadsCanShare } from "#host/threads";
import { compileGraph } from "../../compiler/compile.ts";
import type { Machine } from "../../compiler/ir/loop.ts";
import { type GraphProgram, rootsOf } from "../../graph/program.ts";
import { topological } from "../../graph/walk.ts";
import type { Backend } from "../backend.ts";
import { executableOf } from "../executable.ts";
import { longRun, threadsHere } from "../threads.ts";
import { mostThreads } from "./control.ts";
import { loadLoopProgram, whyUnavailable } from "./load.ts";
import { teamHere } from "./team.ts";

/**
 * Engines have sixteen vector registers and keep one. A tile of 4 x 2 vectors leaves room for the operands and for the
 * products on their way to a sum, and comes to 0.95 of what the processor can multiply and add. With relaxed SIMD there
 * are no such products and 6 x 2 vectors would fit, but V8 spills sums that a longer epilogue reads, in the inner loop:
 * a training step gains 1.2 with 4 x 2 (to 0.83 of the limit), and loses with 6 x 2. Sums of 1024 terms in one go fill the
 * first cache with one panel: 21 GFLOP/s, against 38 in pieces of 256.
 */
export const machine: Machine = { vectorBytes: 16, registers: 12, mixedWidths: false, sumPiece: 256 };

/** The same with the threads that a long run has. An address has 32 bits; what threads share lies behind the arena. */
function machineHere(): Machine {
  const threads = threadsCanShare() ? Math.min(threadsHere(), mostThreads) : 1;
  return { ...machine, threads, aloneBelow: longRun, addressable: 2 ** 32 - 2 ** 16 };
}

/** WebAssembly with vectors of 128 bits: wherever JavaScript runs. */
export const wasm: Backend = {
  name: "wasm",
  unavailable: whyUnavailable,
  machine: machineHere,
  load: async (program) => {
    // A first worker takes about as long to come as the program to be compiled.
    if (runsLong(program)) void teamHere();
    const compiled = compileGraph(program, machineHere());
    const { memory, run } = await loadLoopProgram(compiled.program);
    // Behind the arena lie what threads need, and the rest of the last page.
    return executableOf(compiled, memory, run, { bytes: compiled.program.bytes });
  },
};

/** Whether it can be told without compiling. */
function runsLong(program: GraphProgram): boolean {
  return topological(rootsOf(program)).some((node) => node.is("while") && node.attrs.limit === undefined);
}
