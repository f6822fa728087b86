import { startThread, threadsCanShare } from "#host/threads";
import { PondusError } from "../../graph/errors.ts";
import type { Thread } from "../../host/thread.ts";
import { control } from "./control.ts";
import { workerSource } from "./worker.ts";

/** A program for several threads, and where its control block lies in its memory. */
export interface ThreadedProgram {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
}

interface Run {
  readonly words: Int32Array;
  /** Starts the workers that have not been started yet. */
  readonly call: () => void;
  readonly timer: ReturnType<typeof setTimeout>;
  resolve(): void;
  reject(cause: unknown): void;
}

/**
 * Milliseconds after which a run gets helpers that have yet to be started. Starting one takes twice as long, from the
 * thread that runs: a run that is over by then ends sooner without.
 */
const shortRun = 20;

/** Workers keep what they were sent, for an engine with nothing to do collects nothing: with so much of it they go. */
const mostKept = 2 ** 28;

/** Workers: one leads every run, one after another; the others help it. */
class Team {
  /** Whether the leader has come. */
  readonly ready: Promise<boolean>;
  over = false;
  readonly #leader: Thread;
  /** `undefined` stands for one that could not be had: the others do its parts. */
  readonly #helpers: (Thread | undefined)[] = [];
  readonly #running = new Map<number, Run>();
  #runs = 0;
  readonly #known = new WeakSet<WebAssembly.Memory>();
  /** Bytes of memories that only workers may still hold. */
  #kept = 0;
  readonly #left = new FinalizationRegistry<number>((bytes) => {
    this.#kept += bytes;
    this.#rest();
  });

  constructor() {
    let come: (ready: boolean) => void = () => {};
    this.ready = new Promise((resolve) => {
      come = resolve;
    });
    this.#leader = this.#start(
      () => come(true),
      () => come(false),
    );
    this.#leader.hold(true);
    this.ready.then(() => this.#rest());
  }

  /** Resolves when the program has run. The event loop goes on meanwhile, and the process does not end. */
  run(program: ThreadedProgram, threads: number): Promise<void> {
    const words = new Int32Array(program.memory.buffer, program.control, control.lanes);
    Atomics.add(words, control.running, 1);
    if (!this.#known.has(program.memory)) {
      this.#known.add(program.memory);
      this.#left.register(program.memory, program.memory.buffer.byteLength);
    }
    const id = this.#runs++;
    const message = { ...program, id, threads };
    this.#leader.hold(true);
    this.#leader.post({ ...message, thread: 0 });
    const missing: number[] = [];
    for (let thread = 1; thread < threads; thread++) {
      if (thread in this.#helpers) this.#helpers[thread]?.post({ ...message, thread });
      else missing.push(thread);
    }
    const call = () => {
      for (const thread of missing.splice(0)) this.#helper(thread)?.post({ ...message, thread });
    };
    const timer = setTimeout(call, shortRun);
    return new Promise((resolve, reject) => this.#running.set(id, { words, call, timer, resolve, reject }));
  }

  #helper(thread: number): Thread | undefined {
    if (!(thread in this.#helpers)) {
      this.#helpers[thread] = undefined;
      try {
        this.#helpers[thread] = this.#start(
          () => {},
          () => {
            this.#helpers[thread] = undefined;
          },
        );
      } catch {
        // The machine gives no more.
      }
    }
    return this.#helpers[thread];
  }

  /** A thread that ends before it has come is one less; one that ends later may have held a part of a run. */
  #start(come: () => void, missing: () => void): Thread {
    let here = false;
    return startThread(workerSource, {
      message: (data) => {
        const { id, error } = data as { id?: number; error?: unknown };
        if (id !== undefined) return this.#finish(id, error);
        here = true;
        come();
      },
      gone: (cause) => (here ? this.#fail(cause) : missing()),
    });
  }

  #finish(id: number, error: unknown): void {
    const run = this.#running.get(id);
    this.#running.delete(id);
    this.#rest();
    if (run) {
      clearTimeout(run.timer);
      // For the next one.
      afterwards(() => this.over || run.call());
    }
    if (error) run?.reject(error);
    else run?.resolve();
  }

  #fail(cause: unknown): void {
    if (this.over) return;
    const error = new PondusError("wasm.worker", "a thread that ran WebAssembly came to an end", {
      cause,
      exitCode: 1,
    });
    for (const { words, timer, reject } of this.#running.values()) {
      clearTimeout(timer);
      Atomics.store(words, control.running, 0);
      reject(error);
    }
    this.#running.clear();
    this.#end();
  }

  #rest(): void {
    if (this.#running.size > 0) return;
    this.#leader.hold(false);
    if (this.#kept > mostKept) this.#end();
  }

  #end(): void {
    this.over = true;
    for (const thread of [this.#leader, ...this.#helpers]) thread?.end();
  }
}

/** Runs `f` once the caller that waits for a result has it, unless nothing is left to do. */
function afterwards(f: () => void): void {
  const timer: { unref?(): void } = setTimeout(f);
  timer.unref?.();
}

let team: Team | undefined;

/** The process's team; undefined where there can be none. */
export async function teamHere(): Promise<Team | undefined> {
  if (!threadsCanShare()) return undefined;
  if (team?.over) team = undefined;
  try {
    team ??= new Team();
  } catch {
    return undefined;
  }
  return (await team.ready) ? team : undefined;
}
