/** A worker, as Node's and the browsers' are alike. */
export interface Thread {
  post(message: unknown): void;
  /** Whether the process waits for it. */
  hold(yes: boolean): void;
  end(): void;
}

export interface Events {
  readonly message: (data: unknown) => void;
  /** It is no more; why, where that is known. */
  readonly gone: (cause?: unknown) => void;
}

/** Whether there are workers here, and memory that they can share. */
export function threadsCanShare(): boolean {
  if (typeof SharedArrayBuffer !== "function") return false;
  return nodeWorkers() !== undefined || (globalThis.crossOriginIsolated && typeof Worker === "function");
}

/**
 * Starts a worker, which the process does not wait for.
 *
 * @param source  JavaScript, a script
 */
export function startThread(source: string, events: Events): Thread {
  const node = nodeWorkers();
  return node ? startNodeThread(node, source, events) : startWebThread(source, events);
}

type NodeWorkers = typeof import("node:worker_threads");

/** Asked for when it runs, so that browsers can load this file. */
function nodeWorkers(): NodeWorkers | undefined {
  return globalThis.process?.getBuiltinModule?.("node:worker_threads");
}

function startNodeThread({ Worker }: NodeWorkers, source: string, { message, gone }: Events): Thread {
  // Options of this process, loaders among them, are not for the worker.
  const worker = new Worker(source, { eval: true, execArgv: [], name: "pondus" });
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

function startWebThread(source: string, { message, gone }: Events): Thread {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "pondus" });
  worker.onmessage = ({ data }) => message(data);
  worker.onerror = gone;
  return { post: (data) => worker.postMessage(data), hold: () => {}, end: () => worker.terminate() };
}
