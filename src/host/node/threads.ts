import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Thread, ThreadEvents } from "../thread.ts";

/** How many threads can run at once. */
export function threadsOffered(): number {
  return availableParallelism();
}

/** Whether there are workers, and memory that they can share. */
export function threadsCanShare(): boolean {
  return typeof SharedArrayBuffer === "function";
}

/**
 * Starts a worker, which the process does not wait for.
 *
 * @param source  JavaScript, a script; `self` is where its messages come and go
 */
export function startThread(source: string, { message, gone }: ThreadEvents): Thread {
  const script = `"use strict"; const self = require("node:worker_threads").parentPort;\n${source}`;
  // Options of this process, loaders among them, are not for the worker.
  const worker = new Worker(script, { eval: true, execArgv: [], name: "pondus" });
  let cause: unknown;
  worker.on("message", message);
  worker.on("error", (error) => {
    cause = error;
  });
  worker.on("exit", () => gone(cause));
  worker.unref();
  return {
    post: (data) => worker.postMessage(data),
    hold: (yes) => (yes ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  };
}
