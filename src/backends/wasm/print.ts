import {
  type Affine,
  type Call,
  type Index,
  type LoopProgram,
  type Place,
  passed,
  type Routine,
  type Step,
} from "../../compiler/loop.ts";
import { bytesOf } from "../../graph/dtype.ts";
import { InternalError, PondusError } from "../../graph/errors.ts";
import type { Range } from "./address.ts";
import { type Features, plain } from "./features.ts";
import type { WasmFunction, WasmModule } from "./module.ts";
import { printRoutine } from "./routine.ts";
import { FunctionWriter } from "./writer.ts";

const pageBytes = 65536;
const mostPages = 65536;

/**
 * A module whose memory is the program's arena: one function per routine, and `run`, which does the program's steps.
 *
 * @throws `wasm.memory` when the arena is larger than 4 GiB
 */
export function printProgram(program: LoopProgram, has: Features = plain): WasmModule {
  const pages = Math.ceil(program.bytes / pageBytes);
  if (pages > mostPages) {
    const gib = (program.bytes / 2 ** 30).toFixed(1);
    throw new PondusError(
      "wasm.memory",
      `the program needs ${gib} GiB, but WebAssembly addresses at most 4 GiB; use the native backend, a smaller batch, or checkpoint().`,
    );
  }
  const ranges = new Map<Index, Range>();
  const routines = new Map<Routine, number>();
  survey(program.steps, ranges, routines);
  const names = distinctNames([...routines.keys()].map((r) => r.name));
  const functions = [...routines].map(([routine, i]) => printRoutine(routine, names[i], ranges, has));
  return { pages, functions: [...functions, printRun(program.steps, routines)] };
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

function printRun(steps: readonly Step<Call>[], routines: ReadonlyMap<Routine, number>): WasmFunction {
  const writer = new FunctionWriter("run", []);
  const counters = new Map<Index, number>();

  const pushCounter = (index: Index) => {
    const local = counters.get(index);
    if (local === undefined) throw new InternalError(`counter ${index.id} belongs to no loop around its use`);
    writer.emit("local.get", local);
  };

  const inCounter = (index: Index, print: (local: number) => void) => {
    const local = writer.take("i32");
    counters.set(index, local);
    print(local);
    writer.give(local);
  };

  const step = (local: number, by: 1 | -1) => {
    writer.emit("local.get", local);
    writer.emit("i32.const", by);
    writer.emit("i32.add");
  };

  const pushFlag = ({ buffer, at, moving }: Place) => {
    if (moving) throw new InternalError("the position of a flag must be known");
    const size = bytesOf[buffer.dtype];
    pushSum({ offset: at.offset * size, terms: at.terms.map((t) => ({ ...t, scale: t.scale * size })) });
    writer.emit("i32.load", buffer.offset);
  };

  const pushSum = ({ offset, terms }: Affine) => {
    writer.emit("i32.const", offset);
    for (const { index, scale } of terms) {
      pushCounter(index);
      writer.emit("i32.const", scale);
      writer.emit("i32.mul");
      writer.emit("i32.add");
    }
  };

  const printRepeat = ({ index, length, reverse, body }: Extract<Step<Call>, { kind: "repeat" }>) => {
    if (length <= 0) return;
    inCounter(index, (local) => {
      writer.emit("i32.const", reverse ? length - 1 : 0);
      writer.emit("local.set", local);
      writer.emit("loop");
      printSteps(body);
      step(local, reverse ? -1 : 1);
      writer.emit("local.tee", local);
      writer.emit("i32.const", reverse ? 0 : length);
      writer.emit(reverse ? "i32.ge_s" : "i32.lt_s");
      writer.emit("br_if", 0);
      writer.emit("end");
    });
  };

  const printWhile = ({ index, limit, test, flag, body }: Extract<Step<Call>, { kind: "while" }>) => {
    inCounter(index, (local) => {
      writer.emit("i32.const", 0);
      writer.emit("local.set", local);
      writer.emit("block");
      writer.emit("loop");
      if (limit !== undefined) {
        writer.emit("local.get", local);
        writer.emit("i32.const", limit);
        writer.emit("i32.ge_s");
        writer.emit("br_if", 1);
      }
      printSteps(test);
      pushFlag(flag);
      writer.emit("i32.eqz");
      writer.emit("br_if", 1);
      printSteps(body);
      step(local, 1);
      writer.emit("local.set", local);
      writer.emit("br", 0);
      writer.emit("end");
      writer.emit("end");
    });
  };

  const printSteps = (list: readonly Step<Call>[]): void => {
    for (const one of list) {
      if (one.kind === "repeat") printRepeat(one);
      else if (one.kind === "while") printWhile(one);
      else if (one.kind === "launch") {
        for (const x of one.kernel.counters.map(passed)) {
          if (typeof x === "number") writer.emit("i32.const", x);
          else pushCounter(x);
        }
        writer.emit("call", routines.get(one.kernel.routine) as number);
      } else {
        pushFlag(one.flag);
        writer.emit("if");
        printSteps(one.yes);
        if (one.no.length > 0) {
          writer.emit("else");
          printSteps(one.no);
        }
        writer.emit("end");
      }
    }
  };

  printSteps(steps);
  return writer.finish();
}
