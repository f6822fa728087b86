import type { LoopProgram } from "../../../compiler/ir/loop.ts";
import { PondusError } from "../../../graph/errors.ts";
import { countersAfter } from "../control.ts";
import { type Features, plain } from "../module/features.ts";
import type { WasmModule } from "../module/module.ts";
import { Functions } from "./functions.ts";
import { printRoutine } from "./routine.ts";
import { printRun, printTurns } from "./run.ts";

const pageBytes = 65536;
const mostPages = 65536;

/**
 * A module whose memory is the program's arena: one function per routine, and `run`, which does the program's steps.
 *
 * @param threaded  whether threads divide the routines that may be cut into parts, and run iterations of loops side by side
 * @throws `backend.memory` when the arena is larger than 4 GiB
 */
export function printProgram(program: LoopProgram, has: Features = plain, threaded = false): WasmModule {
  const { steps, bytes } = program;
  const counters = threaded ? countersAfter(bytes) : undefined;
  const functions = new Functions(steps, bytes, counters);
  const names = distinctNames(functions.all.map((one, k) => ("routine" in one ? one.routine.name : `iterations_${k}`)));
  const printed = functions.all.map((one, k) => {
    if (!("routine" in one)) return printTurns(one, names[k], functions);
    return printRoutine(one.routine, names[k], functions.ranges, has, one.sharing);
  });
  const pages = pagesFor(counters === undefined ? bytes : counters + 4 * functions.passed);
  return { pages, threaded, functions: [...printed, printRun(steps, functions)] };
}

function pagesFor(bytes: number): number {
  const pages = Math.ceil(bytes / pageBytes);
  if (pages <= mostPages) return pages;
  const gib = (bytes / 2 ** 30).toFixed(1);
  throw new PondusError(
    "backend.memory",
    `the program needs ${gib} GiB, but WebAssembly addresses at most 4 GiB; use the native backend, a smaller batch, or checkpoint().`,
  );
}

/** `run` keeps its own name. */
function distinctNames(names: readonly string[]): string[] {
  const taken = new Set(["run"]);
  return names.map((wanted) => {
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = `${wanted}_${n}`;
    taken.add(name);
    return name;
  });
}
