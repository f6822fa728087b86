import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Program } from "./programs.ts";

/** What a participant says to one request. */
export interface Reply {
  readonly [name: string]: unknown;
  readonly error?: string;
}

/** A request that brought no usable answer; the message is what the table shows. */
export class Failure extends Error {}

const isUnix = process.platform !== "win32";

/**
 * A program that is measured: a process that answers requests, a JSON document a line. While others are measured it
 * is stopped, so that none of its threads spins beside them.
 */
export class Participant {
  readonly program: Program;
  #child: ChildProcess | undefined;
  #answer: ((reply: Reply | Failure) => void) | undefined;
  #complaints = "";
  #end: Promise<void> = Promise.resolve();
  #gone = () => {};

  constructor(program: Program) {
    this.program = program;
  }

  get alive(): boolean {
    return this.#child !== undefined;
  }

  start(env: Readonly<Record<string, string>> = {}): void {
    const { command, args, cwd } = this.program;
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...this.program.env, ...env },
      // A group of its own: whatever it starts is stopped and ended with it.
      detached: isUnix,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    this.#complaints = "";
    living.add(this);
    const gone = (why: string) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      living.delete(this);
      this.#answer?.(new Failure(`${why}${this.#lastWords()}`));
      this.#gone();
      // Its own children may outlive it and keep these open.
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
    };
    this.#end = new Promise((resolve) => {
      this.#gone = resolve;
    });
    child.on("error", (error) => gone(error.message));
    const ended = (status: number | null, signal: string | null) => gone(`ended with ${signal ?? `status ${status}`}`);
    child.on("close", ended);
    child.on("exit", (status, signal) => setTimeout(ended, 500, status, signal));
    child.stdin.on("error", () => {});
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-8000);
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#hear(line));
  }

  /** Throws a `Failure` when it answers with an error, ends, or says nothing in time; then it is ended. */
  async ask(request: Readonly<Record<string, unknown>>, limitSeconds: number): Promise<Reply> {
    if (!this.#child) throw new Failure("it does not run");
    this.#send("SIGCONT");
    const reply = await new Promise<Reply | Failure>((resolve) => {
      const limit = setTimeout(() => {
        this.#answer?.(new Failure(`no answer within ${limitSeconds} s`));
        this.kill();
      }, limitSeconds * 1000);
      this.#answer = (answer) => {
        clearTimeout(limit);
        resolve(answer);
      };
      this.#child?.stdin?.write(`${JSON.stringify(request)}\n`);
    });
    this.#answer = undefined;
    this.#send("SIGSTOP");
    if (reply instanceof Failure) throw reply;
    if (reply.error !== undefined) throw new Failure(firstLine(String(reply.error)));
    return reply;
  }

  kill(): void {
    const child = this.#child;
    this.#send("SIGKILL");
    if (!isUnix) child?.kill();
  }

  /** Lets it leave by itself, which it does when its input ends, and sees to it that it does. */
  async end(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#send("SIGCONT");
    child.stdin?.end();
    const limit = setTimeout(() => this.kill(), 2000);
    await this.#end;
    clearTimeout(limit);
  }

  /** What else it writes to its output, such as a library's greeting, is no answer. */
  #hear(line: string): void {
    try {
      const reply = JSON.parse(line);
      if (typeof reply === "object" && reply !== null) this.#answer?.(reply);
    } catch {
      this.#complaints = `${this.#complaints}${line}\n`.slice(-8000);
    }
  }

  #send(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (!isUnix || pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has just ended by itself.
    }
  }

  #lastWords(): string {
    const lines = this.#complaints.trim().split("\n");
    const last = lines.findLast((line) => /error|exception/i.test(line)) ?? lines.at(-1);
    return last ? `: ${last.trim().slice(0, 200)}` : "";
  }
}

const living = new Set<Participant>();

/** Ends every participant at once, stopped ones too. */
export function killAll(): void {
  for (const participant of living) participant.kill();
}

const firstLine = (text: string) => text.trim().split("\n")[0].slice(0, 200);
