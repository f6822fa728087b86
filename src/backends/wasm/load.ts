import { dump } from "../../compiler/dump.ts";
import type { LoopProgram } from "../../compiler/loop.ts";
import { PondusError } from "../../graph/errors.ts";
import { encode } from "./encode.ts";
import { type Features, features, hasVectors } from "./features.ts";
import { printProgram } from "./print.ts";
import { textOf } from "./text.ts";

/** A program in memory; its arena begins at 0. */
export interface LoadedProgram {
  readonly memory: ArrayBuffer;
  run(): void;
}

/**
 * Prints a program, has the engine compile it, and gives its memory.
 *
 * @throws `wasm.memory` when the arena does not fit
 */
export async function loadLoopProgram(program: LoopProgram, has: Features = features()): Promise<LoadedProgram> {
  const printed = printProgram(program, has);
  dump("wat", () => textOf(printed));
  const module = await compile(encode(printed));
  const { memory, run } = (await instantiate(module, program.bytes)).exports;
  return { memory: (memory as WebAssembly.Memory).buffer, run: run as () => void };
}

/**
 * At once, unless the module is large: V8 compiles functions when they are first called, and asked to do it aside it
 * takes longer to come back (20 ms, where a training step's 11 KiB need 0.3 ms).
 */
async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  return bytes.length <= 2 ** 20 ? new WebAssembly.Module(bytes) : WebAssembly.compile(bytes);
}

async function instantiate(module: WebAssembly.Module, bytes: number): Promise<WebAssembly.Instance> {
  try {
    return await WebAssembly.instantiate(module);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const mib = Math.ceil(bytes / 2 ** 20);
    throw new PondusError(
      "wasm.memory",
      `the program needs ${mib} MiB, which the JavaScript engine does not give; use a smaller batch.`,
      { cause, exitCode: 1 },
    );
  }
}

/** Why WebAssembly programs cannot run here, if they cannot. */
export function whyUnavailable(): string | undefined {
  if (typeof WebAssembly !== "object") return "this JavaScript engine has no WebAssembly";
  if (!hasVectors()) return "this JavaScript engine has WebAssembly, but without its vectors (SIMD)";
  return undefined;
}
