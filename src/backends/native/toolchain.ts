import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, closeSync, constants, openSync, readSync, realpathSync, rmSync, statSync } from "node:fs";
import { arch, cpus } from "node:os";
import { delimiter, join } from "node:path";

/**
 * No -ffast-math: NaN and infinity mean what IEEE 754 says, and nothing reads errno or floating-point traps. Products
 * fuse with sums where the loop language says so and nowhere else: rounding must not depend on what stands in a kernel
 * beside a value, or computing it again (`checkpoint`) would give other bits.
 */
const flags = [
  "-std=gnu11",
  "-march=native",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fwrapv",
  "-fno-strict-aliasing",
  "-fno-semantic-interposition",
  "-shared",
  "-fPIC",
  "-w",
  // A library stays where it is: at the process's end threads may still be in it. (Apple's linker has no such option.)
  ...(process.platform === "darwin" ? [] : ["-Wl,-z,nodelete"]),
];

/**
 * What gcc is asked for in place of -O2: a program comes unrolled and in vectors, and most of what -O2 adds finds nothing
 * to do, at a third of the time. The loops left to vectorise are those over a vector's lanes, as of a root.
 */
const forGcc = ["-O1", "-ffp-contract=off", "-ftree-loop-vectorize"];

/** What other compilers are asked for. */
const forOthers = ["-O2", "-ffp-contract=on"];

/** The system's C compiler. */
export interface Toolchain {
  readonly path: string;
  /** What CC says after the program's name. */
  readonly args: readonly string[];
  /** Tells one compiler, processor and set of flags from another. */
  readonly fingerprint: string;
  /** Known when it was tried. */
  readonly isGcc?: boolean;
}

/** A program's place; not what a link there leads to, which may act on the name by which it is called (ccache). */
function find(name: string): string | undefined {
  const places = name.includes("/")
    ? [name]
    : (process.env.PATH ?? "").split(delimiter).flatMap((folder) => (folder ? [join(folder, name)] : []));
  for (const place of places) {
    try {
      accessSync(place, constants.X_OK);
      if (statSync(place).isFile()) return place;
    } catch {
      // Not here: look in the next folder.
    }
  }
  return undefined;
}

/** The compiler that CC names (with its options), else cc, gcc or clang from the path; undefined when there is none. */
export function findToolchain(): Toolchain | undefined {
  const named = process.env.CC?.trim();
  const commands = named ? [[named], named.split(/\s+/)] : [["cc"], ["gcc"], ["clang"]];
  for (const [name, ...args] of commands) {
    const path = find(name);
    if (path) return { path, args, fingerprint: fingerprintOf(path, args) };
  }
  return undefined;
}

function fingerprintOf(path: string, args: readonly string[]): string {
  const { mtimeMs, size } = statSync(path);
  const facts = [
    path,
    realpathSync(path),
    mtimeMs,
    size,
    arch(),
    processor(),
    ...args,
    ...flags,
    ...forGcc,
    ...forOthers,
  ];
  return createHash("sha256").update(facts.join("\n")).digest("hex").slice(0, 32);
}

/** The processor and all that it can do, where the system tells (a model's name may hide what a virtual machine masks). */
function processor(): string {
  try {
    // All that is said of the first core; of hundreds, the system takes its time to tell.
    const facts = readBegin("/proc/cpuinfo", 8192).split("\n\n")[0];
    const telling =
      /^(?:vendor|model|stepping|flags|features|cpu (?:family|implementer|architecture|variant|part)).*$/gim;
    return facts.match(telling)?.join("\n") ?? "";
  } catch {
    return cpus()[0]?.model ?? "";
  }
}

function readBegin(path: string, bytes: number): string {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.toString("utf8", 0, readSync(file, buffer));
  } finally {
    closeSync(file);
  }
}

/**
 * The command that compiles what it reads into a shared library, or with `part` into one part of it. Without a file's
 * name in it, equal programs become equal libraries.
 */
export function commandFor({ args, isGcc }: Toolchain, target: string, part = false): string[] {
  return [
    ...args,
    ...flags,
    ...(isGcc ? forGcc : forOthers),
    ...(part ? ["-c"] : []),
    "-o",
    target,
    "-x",
    "c",
    "-",
    "-lm",
    "-pthread",
  ];
}

/** As Promise.all, but nothing is still at work when it fails, writing where others clean up. */
export async function allEnded<const T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/** Compiles a C program into a shared library, its files side by side; throws with what the compiler said. */
export async function compileC(toolchain: Toolchain, files: readonly string[], target: string): Promise<void> {
  if (files.length === 1) return call(toolchain, commandFor(toolchain, target), files[0]);
  const parts = files.map((_, k) => `${target}${k}`);
  try {
    await allEnded(files.map((file, k) => call(toolchain, commandFor(toolchain, parts[k], true), file)));
    await call(toolchain, [...toolchain.args, ...flags, "-o", target, ...parts, "-lm", "-pthread"], "");
  } finally {
    for (const part of parts) rmSync(part, { force: true });
  }
}

function call({ path }: Toolchain, args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 2 ** 24, timeout: 600_000, killSignal: "SIGKILL" } as const;
    const child = execFile(path, args, options, (error, _, stderr) =>
      error ? reject(new Error((stderr || error.message).trim().slice(0, 2000))) : resolve(),
    );
    // A compiler that ends before it has read everything says why by its exit.
    child.stdin?.on("error", () => {}).end(input);
  });
}
