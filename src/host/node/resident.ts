import { readFileSync, writeFileSync } from "node:fs";

/** How much of this process is in memory, in bytes. */
export interface Resident {
  readonly now: number;
  /** The most that ever was, since `forgetPeak` where that works, else since the process began. */
  readonly most: number;
}

export function resident(): Resident {
  const status = statusOf();
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  const [now, most] = [kibibytes("VmRSS"), kibibytes("VmHWM")];
  if (now > 0 && most > 0) return { now: 1024 * now, most: 1024 * most };
  return { now: process.memoryUsage.rss(), most: 1024 * process.resourceUsage().maxRSS };
}

function statusOf(): string {
  try {
    return readFileSync("/proc/self/status", "utf8");
  } catch {
    return "";
  }
}

/** From now on the most is counted afresh; false where the system does not do that (see proc(5), clear_refs). */
export function forgetPeak(): boolean {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
    // The kernel counts in batches.
    return resident().most < 1.1 * resident().now;
  } catch {
    return false;
  }
}
