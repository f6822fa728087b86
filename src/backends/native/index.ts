import { availableParallelism } from "node:os";
import { compileGraph } from "../../compiler/compile.ts";
import { dump } from "../../compiler/dump.ts";
import type { Machine } from "../../compiler/ir/loop.ts";
import { PondusError } from "../../graph/errors.ts";
import type { GraphProgram } from "../../graph/program.ts";
import type { Backend, Executable } from "../backend.ts";
import { executableOf } from "../executable.ts";
import { longRun, threadsHere } from "../threads.ts";
import { type Host, hostOf } from "./host.ts";
import { giveUp, inspect } from "./inspect.ts";
import { type Library, libraryOf } from "./library.ts";
import { memoOf, recall, remember } from "./memo.ts";
import type { Plan } from "./plan.ts";
import { printC } from "./print.ts";
import { allEnded, type Toolchain } from "./toolchain.ts";

/** Machine code: the program printed as C, compiled by the system's compiler, and called in this process. */
export const native: Backend = {
  name: "native",
  unavailable: () => inspect().problem,
  machine: () => {
    const { machine } = inspect() as { machine?: Machine };
    return machine && { ...machine, threads: threadsHere() };
  },
  load: (graph) => loadNative(graph),
};

/**
 * Loads a program, written for `machine` when one is given, else for this one, and run by so many threads.
 *
 * @throws `backend.unavailable`, `native.compiler` when the compiler fails, `backend.memory` when the arena does not fit
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
  const { plan, arena, code, host } = await prepare(graph, { ...(machine ?? found.machine), threads }, found.toolchain);
  const align = code.func("long pondus_align(void *m)");
  const run = code.func("void pondus_run(void *m, void *team)");
  const aligned = arena.subarray(Number(align(arena)));
  host.largePages(aligned);
  const team = host.team(threads);
  const runOnce = plan.long ? () => later(run, aligned, team) : () => run(aligned, team);
  return executableOf(plan, aligned.buffer, runOnce, {
    start: aligned.byteOffset,
    bytes: arena.byteLength - alignment,
  });
}

interface Prepared {
  readonly plan: Plan;
  readonly arena: Uint8Array<ArrayBuffer>;
  readonly code: Library;
  readonly host: Host;
}

/** The program's plan and code: from the cache, else compiled now; with PONDUS_DUMP always the latter. */
async function prepare(graph: GraphProgram, machine: Machine, toolchain: Toolchain): Promise<Prepared> {
  const memo = process.env.PONDUS_DUMP ? undefined : memoOf(graph, machine, toolchain);
  const known = memo && recall(memo);
  if (known) {
    const { plan, kept } = known;
    return { plan, arena: allocate(plan), code: kept.code, host: await orGiveUp(toolchain, hostOf(toolchain)) };
  }
  const host = hostOf(toolchain);
  const [{ plan, arena, name, code }, opened] = await allEnded([
    compileAnew(graph, machine, toolchain),
    orGiveUp(toolchain, host),
  ]);
  if (memo) remember(memo, plan, name);
  return { plan, arena, code, host: opened };
}

async function compileAnew(graph: GraphProgram, machine: Machine, toolchain: Toolchain) {
  // One turn of the event loop, and the host's compiler has all that it waits for: it works while the program is written.
  await new Promise((resolve) => setImmediate(resolve));
  const { program, ...places } = compileGraph(graph, machine);
  const plan: Plan = { ...places, bytes: program.bytes, long: program.work >= longRun };
  const arena = allocate(plan);
  const files = printC(program, availableParallelism());
  dump("c", () => files.join("\n"));
  return { plan, arena, ...(await orGiveUp(toolchain, libraryOf(files, toolchain))) };
}

/** Calls C on a thread of its own; the event loop goes on. */
function later(call: ReturnType<Library["func"]>, ...args: unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

const alignment = 64;

/** The arena, and room to begin it at a multiple of the alignment. */
function allocate({ bytes }: Plan): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes + alignment);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new PondusError(
      "backend.memory",
      `the program needs ${(bytes / 2 ** 30).toFixed(1)} GiB, which is not to be had; use a smaller batch, or checkpoint().`,
      { cause, exitCode: 1 },
    );
  }
}

/** A compiler that worked when it was tried, and fails now, is not asked again. */
async function orGiveUp<T>(toolchain: Toolchain, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const why = `${toolchain.path} could not compile a program: ${(cause as Error).message}`;
    giveUp(why.split("\n")[0]);
    throw new PondusError("native.compiler", why, { cause, exitCode: 1 });
  }
}
