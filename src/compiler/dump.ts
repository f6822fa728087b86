import { setting } from "#host/environment";
import { writeAside } from "#host/terminal";
import type { Node } from "../graph/node.ts";
import { formatGraph, formatKernels, formatProgram, type Kernels } from "./ir/format.ts";
import type { LoopProgram } from "./ir/loop.ts";

/** What a pass leaves: printed text, a graph, kernels in order, or loops. */
export type Dumpable = string | readonly Node[] | Kernels | LoopProgram;

/** Is told of what each pass leaves. It reads it at once or never: later passes write into it. */
export type Watch = (pass: string, what: () => Dumpable) => void;

/** Writes what a pass leaves to stderr in readable form when PONDUS_DUMP=1 (or the pass's own name). */
export const dump: Watch = (pass, what) => {
  const wanted = setting("PONDUS_DUMP");
  if (!wanted || (wanted !== "1" && !wanted.split(",").includes(pass))) return;
  writeAside(`--- ${pass}\n${format(what())}\n`);
};

export function format(what: Dumpable): string {
  if (typeof what === "string") return what;
  if ("bytes" in what) return formatProgram(what);
  return ("steps" in what ? formatKernels(what) : formatGraph(what)).join("\n");
}
