import { dump } from "../../compiler/dump.ts";
import type { LoopProgram } from "../../compiler/ir/loop.ts";
import { PondusError } from "../../graph/errors.ts";
import { longRun, threadsHere } from "../threads.ts";
import { controlAfter, mostThreads } from "./control.ts";
import { encode } from "./module/encode.ts";
import { type Features, features, hasVectors } from "./module/features.ts";
import type { WasmModule } from "./module/module.ts";
import { textOf } from "./module/text.ts";
import { printProgram } from "./print/print.ts";
import { teamHere } from "./team.ts";

/** A program in memory; its arena begins at 0. */
export interface LoadedProgram {
  readonly memory: ArrayBufferLike;
  /** A promise where it may take long. */
  run(): void | Promise<void>;
}

/**
 * Prints a program, has the engine compile it, and gives its memory. One that may run long is run by so many threads,
 * where the engine has workers and shared memory: by no more than the program was written for, if iterations of it run side by side.
 *
 * @throws `backend.memory` when the arena does not fit
 */
export async function loadLoopProgram(
  program: LoopProgram,
  has: Features = features(),
  threads: number = threadsHere(),
): Promise<LoadedProgram> {
  const threaded = program.work >= longRun ? await loadThreaded(program, has, threads) : undefined;
  return threaded ?? loadAlone(program, has);
}

async function loadAlone(program: LoopProgram, has: Features): Promise<LoadedProgram> {
  const module = await compile(print(program, has, false));
  const { memory, run } = (await allocating(program, () => WebAssembly.instantiate(module))).exports;
  return { memory: (memory as WebAssembly.Memory).buffer, run: run as () => void };
}

async function loadThreaded(program: LoopProgram, has: Features, threads: number): Promise<LoadedProgram | undefined> {
  // A first worker takes its time to come, in which the program is compiled.
  const coming = teamHere();
  const printed = print(program, has, true);
  const module = await compile(printed);
  if (!(await coming)) return undefined;
  const { pages, functions } = printed;
  const memory = await allocating(
    program,
    () => new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }),
  );
  const threaded = { module, memory, control: controlAfter(program.bytes) };
  const shares = functions.some((f) => f.exported !== undefined && f.exported !== "run");
  const most = shares ? Math.min(threads, mostThreads) : 1;
  return {
    memory: memory.buffer,
    run: async () => {
      const team = await teamHere();
      await team?.run(threaded, most);
    },
  };
}

function print(program: LoopProgram, has: Features, threaded: boolean): WasmModule {
  const printed = printProgram(program, has, threaded);
  dump("wat", () => textOf(printed));
  return printed;
}

/**
 * At once, unless the module is large: V8 compiles functions when they are first called, and asked to do it aside it
 * takes longer to come back (20 ms, where a training step's 11 KiB need 0.3 ms). A page may be refused it at once:
 * Chromium's limit is 8 MiB today and was 4 KiB.
 */
async function compile(printed: WasmModule): Promise<WebAssembly.Module> {
  const bytes = encode(printed);
  if (bytes.length > 2 ** 20) return WebAssembly.compile(bytes);
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return WebAssembly.compile(bytes);
  }
}

/** Gives what `make` makes, the program's memory in it. */
async function allocating<T>({ bytes }: LoopProgram, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const mib = Math.ceil(bytes / 2 ** 20);
    throw new PondusError(
      "backend.memory",
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
