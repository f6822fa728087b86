import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, readOwn, writeOwn } from "#host/cache-folder";
import { temporaryName } from "#host/files";
import type { Machine } from "../../compiler/ir/loop.ts";
import { openLibrary } from "./library.ts";
import { commandFor, findToolchain, type Toolchain } from "./toolchain.ts";

/** What was found: a compiler and the machine that it compiles for, or why there is none. */
export type Inspection =
  | { readonly toolchain: Toolchain; readonly machine: Machine; readonly problem?: undefined }
  | { readonly problem: string };

let inspected: Inspection | undefined;

/** Looks once for a compiler that works, and at what the processor has; the answer is kept beside the programs. */
export function inspect(): Inspection {
  inspected ??= look();
  return inspected;
}

/** From now on there is a problem: what worked once works no more. */
export function giveUp(problem: string): void {
  inspected = { problem };
}

function look(): Inspection {
  if (process.platform === "win32") return { problem: "the native backend needs a Unix system" };
  const toolchain = findToolchain();
  if (!toolchain) {
    const { CC } = process.env;
    return {
      problem: CC
        ? `CC names ${CC}, which is no program here`
        : "no C compiler was found (install gcc or clang, or name one in CC)",
    };
  }
  try {
    const { vectorBytes, isGcc } = factsOf(toolchain);
    return {
      toolchain: { ...toolchain, isGcc },
      machine: { vectorBytes, registers: vectorBytes === 64 ? 32 : 16, mixedWidths: true },
    };
  } catch (error) {
    return { problem: `${toolchain.path} does not work: ${(error as Error).message.split("\n")[0]}` };
  }
}

const probe = `
int pondus_vector_bytes(void) {
#if defined(__AVX512DQ__)
  return 64;
#elif defined(__AVX2__)
  return 32;
#else
  return 16;
#endif
}
int pondus_is_gcc(void) {
#if defined(__GNUC__) && !defined(__clang__) && !defined(__INTEL_COMPILER)
  return 1;
#else
  return 0;
#endif
}
`;

interface Facts {
  /** Bytes in the vector registers that the compiler uses for this processor. */
  readonly vectorBytes: number;
  readonly isGcc: boolean;
}

/**
 * A small library is compiled, loaded and asked, so that a compiler that lacks a part is found out before it is relied
 * on.
 */
function factsOf(toolchain: Toolchain): Facts {
  const folder = cacheFolder();
  const note = join(folder, `${toolchain.fingerprint}.machine`);
  const known = factsIn(readOwn(note) ?? "");
  if (known) return known;
  const target = temporaryName(join(folder, "probe"));
  try {
    const options = { timeout: 30_000, killSignal: "SIGKILL", input: probe, encoding: "utf8", stdio: "pipe" } as const;
    const { status, signal, error, stderr } = spawnSync(toolchain.path, commandFor(toolchain, target), options);
    if (status !== 0) throw new Error(stderr?.trim() || error?.message || `it ended with ${signal ?? status}`);
    if (!existsSync(target)) throw new Error("it compiled a program to nothing");
    const library = openLibrary(target);
    const bytes = library.func("int pondus_vector_bytes(void)")();
    const text = `${bytes} ${library.func("int pondus_is_gcc(void)")() ? "gcc" : "other"}`;
    const facts = factsIn(text);
    if (!facts) throw new Error(`it compiled a program that answers ${text}`);
    writeOwn(note, text);
    return facts;
  } finally {
    rmSync(target, { force: true });
  }
}

function factsIn(text: string): Facts | undefined {
  const found = /^(16|32|64) (gcc|other)$/.exec(text);
  return found ? { vectorBytes: Number(found[1]), isGcc: found[2] === "gcc" } : undefined;
}
