import { cpus, totalmem } from "node:os";
import { cacheFolder } from "#host/cache-folder";
import { findToolchain } from "../backends/native/toolchain.ts";
import { threadsHere } from "../backends/threads.ts";
import { features, hasVectors } from "../backends/wasm/module/features.ts";
import { version } from "../host/version.ts";
import { inspectBackends } from "../runtime/choose.ts";
import { colorsFor, print, printJson } from "./streams.ts";
import { formatTable } from "./table.ts";

/** `pondus doctor`: what this machine offers, and why a backend does not work. */
export function doctor({ json }: { json?: boolean }): void {
  const processors = cpus();
  const facts = {
    pondus: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: `${processors[0]?.model.trim() ?? "unknown"}, ${processors.length} hardware threads`,
    threads: describeThreads(),
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    compiler: findToolchain()?.path ?? "none found",
    cache: findCache(),
    webassembly: describeEngine(),
  };
  const backends = inspectBackends();
  if (json) {
    printJson({ ...facts, backends });
    return;
  }
  const { green, red, dim } = colorsFor(process.stdout);
  print(formatTable(Object.entries(facts)));
  const rows = backends.map(({ name, unavailable }, i) => {
    const first = backends.findIndex((b) => b.unavailable === undefined) === i;
    return [name, unavailable ? red(`no: ${unavailable}`) : green("yes"), first ? dim("chosen by default") : ""];
  });
  print(`\n${formatTable(rows)}`);
}

/** How many threads a program may use, and who says so. */
function describeThreads(): string {
  const threads = threadsHere();
  return Number(process.env.PONDUS_THREADS) === threads ? `${threads}, as PONDUS_THREADS says` : `${threads}`;
}

/** What WebAssembly has here beyond its vectors, without which the backend does not work at all. */
function describeEngine(): string {
  if (!hasVectors()) return "no vectors";
  if (features().relaxed) return "vectors, relaxed SIMD";
  return process.env.PONDUS_RELAXED_SIMD === "0"
    ? "vectors, no relaxed SIMD (PONDUS_RELAXED_SIMD=0)"
    : "vectors, no relaxed SIMD";
}

/** Where compiled programs are kept, or why that place is not to be trusted. */
function findCache(): string {
  try {
    return cacheFolder();
  } catch (error) {
    return (error as Error).message;
  }
}
