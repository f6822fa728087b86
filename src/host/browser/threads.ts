import type { Thread, ThreadEvents } from "../thread.ts";

/** How many threads can run at once. */
export function threadsOffered(): number {
  return globalThis.navigator?.hardwareConcurrency || 1;
}

/** Whether there are workers, and memory that they can share: where the page is isolated from other origins. */
export function threadsCanShare(): boolean {
  return globalThis.crossOriginIsolated === true && typeof Worker === "function";
}

/**
 * Starts a worker. Its script is a text, so that no bundler has to find a file.
 *
 * @param source  JavaScript, a script; `self` is where its messages come and go
 */
export function startThread(source: string, { message, gone }: ThreadEvents): Thread {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "pondus" });
  URL.revokeObjectURL(url);
  worker.onmessage = ({ data }) => message(data);
  worker.onerror = gone;
  return { post: (data) => worker.postMessage(data), hold: () => {}, end: () => worker.terminate() };
}
