import { PondusError } from "../../graph/errors.ts";
import { control } from "./control.ts";
import { startThread, type Thread, threadsCanShare } from "./thread.ts";
import { workerSource } from "./worker.ts";

/** A program for several threads, and where its control block lies in its memory. */
export interface ThreadedProgram {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
}

interface Run {
  readonly words: Int32Array;
  resolve(): void;
  reject(cause: unknown): void;
}

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
  /** Bytes of memories that nobody but workers may have. */
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
    for (let thread = 1; thread < threads; thread++) this.#helper(thread)?.post({ ...message, thread });
    return new Promise((resolve, reject) => this.#running.set(id, { words, resolve, reject }));
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
    if (error) run?.reject(error);
    else run?.resolve();
  }

  #fail(cause: unknown): void {
    if (this.over) return;
    const error = new PondusError("wasm.worker", "a thread that ran WebAssembly came to an end", {
      cause,
      exitCode: 1,
    });
    for (const { words, reject } of this.#running.values()) {
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
