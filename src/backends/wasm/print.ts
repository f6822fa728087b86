import { type Call, type Index, type LoopProgram, passed, type Routine, type Step } from "../../compiler/loop.ts";
import { PondusError } from "../../graph/errors.ts";
import type { Range } from "./address.ts";
import { countersAfter } from "./control.ts";
import { type Features, plain } from "./features.ts";
import type { WasmModule } from "./module.ts";
import { printRoutine } from "./routine.ts";
import { printRun } from "./run.ts";

const pageBytes = 65536;
const mostPages = 65536;

/**
 * A module whose memory is the program's arena: one function per routine, and `run`, which does the program's steps.
 *
 * @param threaded  whether threads share the routines that may be cut into parts
 * @throws `wasm.memory` when the arena is larger than 4 GiB
 */
export function printProgram(program: LoopProgram, has: Features = plain, threaded = false): WasmModule {
  const ranges = new Map<Index, Range>();
  const routines = new Map<Routine, number>();
  survey(program.steps, ranges, routines);
  const all = [...routines.keys()];
  const names = distinctNames(all.map((r) => r.name));
  const counters = threaded ? countersAfter(program.bytes) : undefined;
  if (threaded) for (const [routine, i] of routines) routines.set(routine, i + 1); // function 0 is `together`
  const functions = [...routines].map(([routine, number], i) => {
    const shared = counters !== undefined && routine.parts > 1;
    return printRoutine(routine, names[i], ranges, has, shared ? { number, counters } : undefined);
  });
  const most = Math.max(0, ...all.map((r) => r.indices.length));
  const bytes = counters === undefined ? program.bytes : counters + 4 * most;
  return { pages: pagesFor(bytes), threaded, functions: [...functions, printRun(program.steps, routines, counters)] };
}

function pagesFor(bytes: number): number {
  const pages = Math.ceil(bytes / pageBytes);
  if (pages <= mostPages) return pages;
  const gib = (bytes / 2 ** 30).toFixed(1);
  throw new PondusError(
    "wasm.memory",
    `the program needs ${gib} GiB, but WebAssembly addresses at most 4 GiB; use the native backend, a smaller batch, or checkpoint().`,
  );
}

/** Finds the ranges of the program's counters, and numbers its routines. */
function survey(steps: readonly Step<Call>[], ranges: Map<Index, Range>, routines: Map<Routine, number>): void {
  for (const step of steps) {
    if (step.kind === "launch") {
      const { routine, counters } = step.kernel;
      if (!routines.has(routine)) routines.set(routine, routines.size);
      counters.map(passed).forEach((x, k) => {
        if (typeof x !== "number") return;
        const { min, max } = ranges.get(routine.indices[k]) ?? { min: x, max: x };
        ranges.set(routine.indices[k], { min: Math.min(min, x), max: Math.max(max, x) });
      });
    } else if (step.kind === "branch") {
      survey(step.yes, ranges, routines);
      survey(step.no, ranges, routines);
    } else {
      const turns = step.kind === "repeat" ? step.length : (step.limit ?? 2 ** 31 - 1);
      ranges.set(step.index, { min: 0, max: Math.max(0, turns - 1) });
      if (step.kind === "while") {
        // The test may run once more than the body, with the counter one further.
        ranges.set(step.index, { min: 0, max: turns });
        survey(step.test, ranges, routines);
      }
      survey(step.body, ranges, routines);
    }
  }
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
