import { availableParallelism, cpus, loadavg } from "node:os";

/** The processor's name, or "unknown". */
export function processorName(): string {
  return cpus()[0]?.model ?? "unknown";
}

/** What runs JavaScript here: the processor's architecture and the engine's version. */
export function platform(): readonly string[] {
  return [process.arch, process.version];
}

/** How busy the processors were in the last minute, of 1; 0 where the system does not tell. */
export function busy(): number {
  return Math.min(1, loadavg()[0] / availableParallelism());
}
