import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { formatSize } from "../graph/bytes.ts";
import { PondusError } from "../graph/errors.ts";
import type { Measured } from "../ledger/measure.ts";
import type { Measurable } from "../ledger/measure-model.ts";
import { duration } from "./duration.ts";
import type { colorsFor } from "./streams.ts";
import { formatTable } from "./table.ts";

/** What one run takes: foretold, or seen. */
export interface Taken {
  /** The program's own memory. */
  readonly arenaBytes: number;
  /** What the process takes above its floor: the arena, and what lies outside it for the program's sake. */
  readonly processBytes: number;
  readonly seconds: number;
}

export type TakenByProgram = { readonly [P in Measurable]?: Taken };

/**
 * Measures a program in a process of its own, since a peak can only be told in a fresh one: this command line, called
 * again.
 *
 * @throws what the other process says, as it says it
 */
export async function measureAlone(args: readonly string[], signal?: AbortSignal): Promise<Measured> {
  const script = fileURLToPath(new URL("../../bin/pondus.js", import.meta.url));
  const child = spawn(process.execPath, ["--expose-gc", script, ...args, "--json"], {
    stdio: ["ignore", "pipe", "ignore"],
    signal,
    killSignal: "SIGKILL",
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part) => {
    text += part;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  const answer = parsed(text);
  if (code === 0 && answer?.measured) return answer.measured;
  const { code: kind = "measure.process", message = `the process that measures ended with ${code}` } =
    answer?.error ?? {};
  throw new PondusError(kind, message, { exitCode: 1 });
}

function parsed(text: string): { measured?: Measured; error?: { code: string; message: string } } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Foretold and seen, side by side. */
export function formatMeasured(
  predicted: TakenByProgram,
  measured: TakenByProgram,
  { bold, dim }: ReturnType<typeof colorsFor>,
): string {
  const rows = (["inference", "training"] as const).flatMap((which) => {
    const [a, b] = [predicted[which], measured[which]];
    if (!a || !b) return [];
    const row = (what: string, say: (n: number) => string, x: number, y: number) => [
      what,
      say(x),
      say(y),
      dim((y / x).toFixed(3)),
    ];
    return [
      row(`${which}: program's memory`, formatSize, a.arenaBytes, b.arenaBytes),
      row(`${which}: the process above its floor`, formatSize, a.processBytes, b.processBytes),
      row(`${which}: one run`, duration, a.seconds, b.seconds),
    ];
  });
  const head = ["", dim("foretold"), dim("measured"), dim("ratio")];
  return `  ${bold("Measured")}\n${formatTable([head, ...rows], [1, 2, 3])}`;
}
