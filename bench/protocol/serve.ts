import { createInterface } from "node:readline";

/** A case made ready. */
export interface Ready {
  /** Numbers that everybody must agree on. */
  readonly check: readonly number[];
  /** From the function to its first result. */
  readonly compileSeconds: number;
  /** What the table should say beside the figure. */
  readonly note?: string;
  /** Frees what the next case does not need. */
  release?(): void;
  /** Does so many iterations. */
  advance(count: number): Promise<void>;
}

/** Why somebody cannot do a case at all. */
export interface Unsupported {
  readonly unsupported: string;
}

type Request = { readonly do: string; readonly [name: string]: unknown };

/** Answers requests from stdin, a JSON document a line, until it ends. */
export async function serve(
  self: {
    readonly name: string;
    readonly version: string;
    readonly threads: number;
    readonly cases: readonly string[];
  },
  prepare: (name: string, sizes: Readonly<Record<string, unknown>>, file: string) => Promise<Ready | Unsupported>,
): Promise<void> {
  let ready: Ready | undefined;
  let pace = 0;
  const release = () => {
    ready?.release?.();
    ready = undefined;
  };
  const answer = async (request: Request): Promise<unknown> => {
    if (request.do === "hello") return self;
    if (request.do === "release") {
      release();
      return { ok: true };
    }
    if (request.do === "prepare") {
      release();
      const made = await prepare(
        String(request.case),
        request.variant as Record<string, unknown>,
        String(request.data),
      );
      if ("unsupported" in made) return made;
      pace = await warmUp(made);
      ready = made;
      return { check: made.check, compileSeconds: made.compileSeconds, note: made.note };
    }
    if (request.do === "time" && ready) {
      const count = Math.max(1, Math.round(Number(request.seconds) / pace));
      const seconds = await timed(ready, count);
      pace = seconds / count;
      return { seconds: pace, iterations: count };
    }
    throw new Error(`"${request.do}" is not understood here`);
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(JSON.parse(line)).catch((error) => ({ error: error.message }));
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

async function timed(ready: Ready, count: number): Promise<number> {
  const began = performance.now();
  await ready.advance(count);
  return Math.max(performance.now() - began, 1e-3) / 1000;
}

/** Seconds of one iteration, from more and more of them until they take long enough to be timed. */
async function warmUp(ready: Ready): Promise<number> {
  for (let count = 1; ; count *= 4) {
    const seconds = await timed(ready, count);
    if (seconds > 0.02) return seconds / count;
  }
}
