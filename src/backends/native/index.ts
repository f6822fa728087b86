import { availableParallelism } from "node:os";
import { compileGraph } from "../../compiler/compile.ts";
import { dump } from "../../compiler/dump.ts";
import type { Machine } from "../../compiler/loop.ts";
import { PondusError } from "../../graph/errors.ts";
import type { GraphProgram } from "../../graph/program.ts";
import type { Backend, Executable } from "../backend.ts";
import { executableOf } from "../executable.ts";
import { type Host, hostOf, threadsHere } from "./host.ts";
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

/** Runs of fewer instructions (a few milliseconds) are done at once: to hand one to another thread costs more. */
const longRun = 2e7;

/**
 * Loads a program, written for `machine` when one is given, else for this one, and run by so many threads.
 *
 * @throws `backend.unavailable`, `native.compiler` when the compiler fails, `native.memory` when the arena does not fit
 */
export async function loadNative(
  graph: GraphProgram,
  machine?: Machine,
  threads: number = threadsHere(),
): Promise<Executable> {
  const found = inspect();
  if (found.problem !== undefined) {
    throw new PondusError("backend.unavailable", `native: ${found.problem}`, { exitCode: 1 });
  }
  const compiled = compileGraph(graph, machine ?? found.machine);
  const arena = allocate(compiled.program.bytes + 64);
  const files = printC(compiled.program, availableParallelism());
  dump("c", () => files.join("\n"));
  const [code, host] = await built(found.toolchain, files);
  const align = code.func("long pondus_align(void *m)");
  const run = code.func("void pondus_run(void *m, void *team)");
  const aligned = arena.subarray(Number(align(arena)));
  host.largePages(aligned);
  const team = host.team(threads);
  const runOnce = compiled.program.work < longRun ? () => run(aligned, team) : () => later(run, aligned, team);
  return executableOf(compiled, aligned.buffer, runOnce, aligned.byteOffset);
}

/** Calls C on a thread of its own; the event loop goes on. */
function later(call: ReturnType<Library["func"]>, ...args: unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error: Error | null) => (error ? reject(error) : resolve()));
  });
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

/** The program as a library, and its host. A compiler that worked when it was tried, and fails now, is not asked again. */
async function built(toolchain: Toolchain, files: readonly string[]): Promise<[Library, Host]> {
  try {
    return await Promise.all([libraryOf(files, toolchain), hostOf(toolchain)]);
  } catch (cause) {
    const why = `${toolchain.path} could not compile a program: ${(cause as Error).message}`;
    giveUp(why.split("\n")[0]);
    throw new PondusError("native.compiler", why, { cause, exitCode: 1 });
  }
}
