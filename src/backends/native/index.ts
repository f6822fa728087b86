import { createHash } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Compiled, compileGraph } from "../../compiler/compile.ts";
import { dump } from "../../compiler/dump.ts";
import type { Machine } from "../../compiler/loop.ts";
import { PondusError } from "../../graph/errors.ts";
import type { GraphProgram } from "../../graph/program.ts";
import type { Backend, Executable } from "../backend.ts";
import { executableOf } from "../executable.ts";
import { cacheFolder, isMine, readOwn, temporaryName, writeWhole } from "./cache.ts";
import { printC } from "./print.ts";
import { compileC, findToolchain, type Toolchain, vectorBytesOf } from "./toolchain.ts";

/** Machine code: the program printed as C, compiled by the system's compiler, and called in this process. */
export const native: Backend = {
  name: "native",
  unavailable: () => inspect().problem,
  load: (graph) => loadNative(graph),
};

/** Loads a program, written for `machine` when one is given, else for this one. */
export async function loadNative(graph: GraphProgram, machine = inspect().machine): Promise<Executable> {
  const { toolchain, problem } = inspect();
  if (!toolchain || !machine) throw new PondusError("backend.unavailable", `native: ${problem}`, { exitCode: 1 });
  const compiled = compileGraph(graph, machine);
  const source = printC(compiled.program);
  dump("c", () => source);
  return execute(compiled, await library(source, toolchain));
}

interface Inspection {
  readonly toolchain?: Toolchain;
  readonly machine?: Machine;
  readonly problem?: string;
}

let inspected: Inspection | undefined;

/** Looks once for a compiler that works, and at what the processor has; the answer is cached beside the programs. */
function inspect(): Inspection {
  inspected ??= look();
  return inspected;
}

function look(): Inspection {
  if (process.platform === "win32") return { problem: "the native backend needs a Unix system" };
  const toolchain = findToolchain();
  if (!toolchain) return { problem: "no C compiler was found (install gcc or clang, or name one in CC)" };
  const note = join(cacheFolder(), `${toolchain.fingerprint}.machine`);
  let vectorBytes = Number(readOwn(note));
  if (!vectorBytes) {
    try {
      vectorBytes = vectorBytesOf(toolchain);
      writeWhole(note, String(vectorBytes));
    } catch (error) {
      return { problem: `${toolchain.path} does not work: ${String(error).split("\n")[0]}` };
    }
  }
  return { toolchain, machine: { vectorBytes, registers: vectorBytes === 64 ? 32 : 16, mixedWidths: true } };
}

/** The shared library for a C file: from the cache when it was compiled before, else compiled now. */
async function library(source: string, toolchain: Toolchain): Promise<string> {
  const key = createHash("sha256").update(toolchain.fingerprint).update(source).digest("hex");
  const stem = join(cacheFolder(), key.slice(0, 40));
  const path = `${stem}.so`;
  if (existsSync(path) && isMine(path)) return path;
  const [draft, file] = [temporaryName(path), `${temporaryName(stem)}.c`];
  try {
    writeWhole(file, source);
    await compileC(toolchain, file, draft);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
    rmSync(file, { force: true });
  }
  return path;
}

function execute(compiled: Compiled, path: string): Executable {
  // koffi is loaded only when it is needed, so that the package works where it cannot be installed.
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const code = koffi.load(path);
  const align = code.func("long pondus_align(void *m)");
  const run = code.func("void pondus_run(void *m)");
  const raw = new Uint8Array(compiled.program.bytes + 64);
  const arena = raw.subarray(Number(align(raw)));
  return executableOf(compiled, arena.buffer, () => run(arena), arena.byteOffset);
}
