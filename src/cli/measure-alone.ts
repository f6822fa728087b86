import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ErrorCode } from "../graph/error-codes.ts";
import { PondusError } from "../graph/errors.ts";
import type { Measured } from "../ledger/measured/measure.ts";

/** Otherwise the engine's own memory grows and shrinks by some tens of megabytes, whenever it sees fit. */
const steadyEngine = ["--expose-gc", "--single-threaded-gc", "--no-memory-reducer", "--max-semi-space-size=1"];

/**
 * Measures a program in a process of its own, since a peak can only be told in a fresh one: this command line, called
 * again with the arguments. It ends when this process is told to, and when `signal` is aborted.
 *
 * @throws what the other process says, as it says it; `measure.process` when it ends without a word
 */
export async function measureAlone(args: readonly string[], signal?: AbortSignal): Promise<Measured> {
  const script = fileURLToPath(new URL("../../bin/pondus.js", import.meta.url));
  const child = spawn(process.execPath, [...steadyEngine, script, ...args, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGKILL",
  });
  const [answer, said] = [{ text: "" }, { text: "" }];
  for (const [stream, kept] of [
    [child.stdout, answer],
    [child.stderr, said],
  ] as const) {
    stream.setEncoding("utf8").on("data", (part) => {
      kept.text += part;
    });
  }
  const forget = endWith(child);
  const end = await new Promise<{ code: number | null; by: string | null }>((resolve, reject) => {
    child.on("error", reject).on("close", (code, by) => resolve({ code, by }));
  }).finally(forget);
  const { measured, error } = parsed(answer.text);
  if (measured) return measured;
  if (error) throw new PondusError(error.code, error.message, { exitCode: end.code === 2 ? 2 : 1 });
  const how = end.by ? `was ended by ${end.by}, as for want of memory` : `ended with status ${end.code}`;
  throw new PondusError("measure.process", `the process that measures ${how}. ${said.text}`.trim(), { exitCode: 1 });
}

/** What a person ends here ends there too, whether or not the terminal tells both. */
function endWith(child: { kill(signal: "SIGKILL"): boolean }): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const end = (signal: NodeJS.Signals) => {
    child.kill("SIGKILL");
    forget();
    process.kill(process.pid, signal);
  };
  const forget = () => {
    for (const signal of signals) process.off(signal, end);
  };
  for (const signal of signals) process.on(signal, end);
  return forget;
}

function parsed(text: string): { measured?: Measured; error?: { code: ErrorCode; message: string } } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
