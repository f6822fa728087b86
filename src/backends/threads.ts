import { setting } from "#host/environment";
import { threadsOffered } from "#host/threads";

/** Threads that a program may use: PONDUS_THREADS, else as many as the system offers. */
export function threadsHere(): number {
  const asked = Number(setting("PONDUS_THREADS"));
  return Number.isInteger(asked) && asked > 0 ? asked : threadsOffered();
}

/** Runs of fewer instructions (a few milliseconds) are done at once: to hand one to another thread costs more. */
export const longRun = 2e7;
