import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import type { Program } from "./programs.ts";
import type { MachineDescription } from "./result.ts";

/** The program that measures the machine's ceilings, compiled here for this processor; `missing` says why it could not be. */
export function machineProgram(root: string, scratch: string): Program {
  const folder = join(root, "bench", "machine");
  const command = join(scratch, "machine");
  const shared = { name: "machine", peer: "machine", command, args: [], cwd: root, env: {} };
  const sources = readdirSync(folder).filter((file) => file.endsWith(".c"));
  try {
    const options = ["-O2", "-march=native", "-pthread", "-o", command];
    execFileSync(compiler(), [...options, ...sources.map((file) => join(folder, file))], { stdio: "pipe" });
    return shared;
  } catch (error) {
    return { ...shared, missing: `no C compiler works here (${(error as Error).message.split("\n")[0]})` };
  }
}

const compiler = () => process.env.CC || "cc";

/** Processor features that decide how fast numbers are. */
const interesting =
  /^(avx|avx2|fma|f16c|avx512f|avx512dq|avx512vl|avx512_fp16|avx512_bf16|amx_tile|asimd|sve|sve2|neon)$/;

export function describeMachine(): Omit<MachineDescription, "ceilings"> {
  return {
    processor: cpus()[0]?.model.trim() || arch(),
    cores: availableParallelism(),
    features: features(),
    memoryBytes: totalmem(),
    system: `${systemName()} (${platform()} ${release()} ${arch()})`,
    node: process.versions.node,
    compiler: compilerName(),
  };
}

function features(): string[] {
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readIfThere("/proc/cpuinfo"))?.[1] ?? "";
  return flags.split(/\s+/).filter((flag) => interesting.test(flag));
}

function systemName(): string {
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(readIfThere("/etc/os-release"))?.[1] ?? platform();
}

function compilerName(): string {
  try {
    return execFileSync(compiler(), ["--version"], { encoding: "utf8", stdio: "pipe" }).split("\n")[0];
  } catch {
    return "none";
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
