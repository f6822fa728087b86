import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { arch, cpus } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { PondusError } from "../../graph/errors.ts";

const run = promisify(execFile);

/**
 * No -ffast-math: NaN and infinity mean what IEEE 754 says. Products may fuse with sums, and nothing reads errno or
 * floating-point traps.
 */
const flags = [
  "-std=gnu11",
  "-O2",
  "-march=native",
  "-ffp-contract=fast",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fwrapv",
  "-fno-strict-aliasing",
  "-fno-semantic-interposition",
  "-shared",
  "-fPIC",
  "-w",
];

/** The system's C compiler. */
export interface Toolchain {
  readonly path: string;
  /** Tells one compiler, processor and set of flags from another. */
  readonly fingerprint: string;
}

function find(name: string): string | undefined {
  const places = name.includes("/")
    ? [name]
    : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
  for (const place of places) {
    try {
      accessSync(place, constants.X_OK);
      if (statSync(place).isFile()) return realpathSync(place);
    } catch {
      // Not here: look in the next folder.
    }
  }
  return undefined;
}

/** The compiler that CC names, else cc, gcc or clang from the path; undefined when there is none. */
export function findToolchain(): Toolchain | undefined {
  const names = process.env.CC ? [process.env.CC] : ["cc", "gcc", "clang"];
  const path = names.map(find).find((p) => p !== undefined);
  if (!path) return undefined;
  const { mtimeMs, size } = statSync(path);
  const processor = `${arch()} ${cpus()[0]?.model} ${processorFlags()}`;
  const hash = createHash("sha256").update([path, mtimeMs, size, processor, ...flags].join("\n"));
  return { path, fingerprint: hash.digest("hex").slice(0, 32) };
}

/** What the processor can do, where the system tells (a model's name alone may hide what a virtual machine masks). */
function processorFlags(): string {
  try {
    return /^(?:flags|Features)\s*:.*$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[0] ?? "";
  } catch {
    return "";
  }
}

/** Bytes in the vector registers that the compiler uses for this processor. Throws when the compiler does not work. */
export function vectorBytesOf(toolchain: Toolchain): number {
  const macros = execFileSync(toolchain.path, ["-march=native", "-dM", "-E", "-x", "c", "-"], {
    input: "",
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
  });
  if (macros.includes("__AVX512DQ__")) return 64;
  return macros.includes("__AVX2__") ? 32 : 16;
}

/** Compiles a C file into a shared library. */
export async function compileC(toolchain: Toolchain, source: string, target: string): Promise<void> {
  try {
    await run(toolchain.path, [...flags, "-o", target, source, "-lm"], { maxBuffer: 2 ** 24 });
  } catch (cause) {
    const text = String((cause as { stderr?: string }).stderr ?? cause).trim();
    throw new PondusError("native.compiler", `${toolchain.path} could not compile a program: ${text.slice(0, 2000)}`, {
      cause,
      exitCode: 1,
    });
  }
}
