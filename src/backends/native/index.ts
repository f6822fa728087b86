import { compileGraph } from "../../compiler/compile.ts";
import { dump } from "../../compiler/dump.ts";
import type { Machine } from "../../compiler/loop.ts";
import { PondusError } from "../../graph/errors.ts";
import type { GraphProgram } from "../../graph/program.ts";
import type { Backend, Executable } from "../backend.ts";
import { executableOf } from "../executable.ts";
import { giveUp, inspect } from "./inspect.ts";
import { type Library, libraryOf } from "./library.ts";
import { printC } from "./print.ts";
import type { Toolchain } from "./toolchain.ts";

/** Machine code: the program printed as C, compiled by the system's compiler, and called in this process. */
export const native: Backend = {
  name: "native",
  unavailable: () => inspect().problem,
  load: (graph) => loadNative(graph),
};

/**
 * Loads a program, written for `machine` when one is given, else for this one.
 *
 * @throws `backend.unavailable`, `native.compiler` when the compiler fails, `native.memory` when the arena does not fit
 */
export async function loadNative(graph: GraphProgram, machine?: Machine): Promise<Executable> {
  const found = inspect();
  if (found.problem !== undefined) {
    throw new PondusError("backend.unavailable", `native: ${found.problem}`, { exitCode: 1 });
  }
  const compiled = compileGraph(graph, machine ?? found.machine);
  const arena = allocate(compiled.program.bytes + 64);
  const source = printC(compiled.program);
  dump("c", () => source);
  const code = await built(source, found.toolchain);
  const align = code.func("long pondus_align(void *m)");
  const run = code.func("void pondus_run(void *m)");
  const aligned = arena.subarray(Number(align(arena)));
  return executableOf(compiled, aligned.buffer, () => run(aligned), aligned.byteOffset);
}

function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new PondusError(
      "native.memory",
      `the program needs ${(bytes / 2 ** 30).toFixed(1)} GiB, which is not to be had; use a smaller batch, or checkpoint().`,
      { cause, exitCode: 1 },
    );
  }
}

/** The program as a library. A compiler that worked when it was tried, and fails now, is not asked again. */
async function built(source: string, toolchain: Toolchain): Promise<Library> {
  try {
    return await libraryOf(source, toolchain);
  } catch (cause) {
    const why = `${toolchain.path} could not compile a program: ${(cause as Error).message}`;
    giveUp(why.split("\n")[0]);
    throw new PondusError("native.compiler", why, { cause, exitCode: 1 });
  }
}
