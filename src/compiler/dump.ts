import { setting } from "#host/environment";
import { writeAside } from "#host/terminal";
import type { Node } from "../graph/node.ts";
import { type Formattable, formatGraph, formatKernels, formatProgram } from "./ir/format.ts";
import type { LoopProgram } from "./ir/loop.ts";

/** The result of a pass: printed text, a graph, kernels in order, or loops. */
export type Dumpable = string | readonly Node[] | Formattable | LoopProgram;

/** Called after each pass with its result. */
export type OnPass = (pass: string, what: () => Dumpable) => void;

/** Writes the result of a pass to stderr in readable form when PONDUS_DUMP=1 (or the pass's own name). */
export const dump: OnPass = (pass, what) => {
  const wanted = setting("PONDUS_DUMP");
  if (!wanted || (wanted !== "1" && !wanted.split(",").includes(pass))) return;
  writeAside(`--- ${pass}\n${format(what())}\n`);
};

export function format(what: Dumpable): string {
  if (typeof what === "string") return what;
  if ("bytes" in what) return formatProgram(what);
  return ("steps" in what ? formatKernels(what) : formatGraph(what)).join("\n");
}
