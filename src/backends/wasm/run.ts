import {
  type Affine,
  type Argument,
  type Call,
  type Index,
  type Place,
  passed,
  type Routine,
  type Step,
} from "../../compiler/loop.ts";
import { bytesOf } from "../../graph/dtype.ts";
import { InternalError } from "../../graph/errors.ts";
import type { WasmFunction } from "./module.ts";
import { FunctionWriter } from "./writer.ts";

/**
 * The steps of a program.
 *
 * @param routines  their functions' numbers
 * @param counters  where threads find the counters of the routine that they share, when there are threads
 */
export function printRun(
  steps: readonly Step<Call>[],
  routines: ReadonlyMap<Routine, number>,
  counters: number | undefined,
): WasmFunction {
  const writer = new FunctionWriter("run", []);
  const locals = new Map<Index, number>();

  const pushCounter = (index: Index) => {
    const local = locals.get(index);
    if (local === undefined) throw new InternalError(`counter ${index.id} belongs to no loop around its use`);
    writer.emit("local.get", local);
  };

  const inCounter = (index: Index, print: (local: number) => void) => {
    const local = writer.take("i32");
    locals.set(index, local);
    print(local);
    writer.give(local);
  };

  const step = (local: number, by: 1 | -1) => {
    writer.emit("local.get", local);
    writer.emit("i32.const", by);
    writer.emit("i32.add");
  };

  const pushWord = ({ buffer, at, moving }: Place) => {
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

  const printRepeat = ({ index, length, count, reverse, body }: Extract<Step<Call>, { kind: "repeat" }>) => {
    if (length <= 0) return;
    const pushTurns = () => {
      if (count) pushWord(count);
      else writer.emit("i32.const", length);
    };
    if (count) {
      pushTurns();
      writer.emit("if");
    }
    inCounter(index, (local) => {
      if (reverse && count) {
        pushTurns();
        writer.emit("i32.const", 1);
        writer.emit("i32.sub");
      } else writer.emit("i32.const", reverse ? length - 1 : 0);
      writer.emit("local.set", local);
      writer.emit("loop");
      printSteps(body);
      step(local, reverse ? -1 : 1);
      writer.emit("local.tee", local);
      if (reverse) writer.emit("i32.const", 0);
      else pushTurns();
      writer.emit(reverse ? "i32.ge_s" : "i32.lt_s");
      writer.emit("br_if", 0);
      writer.emit("end");
    });
    if (count) writer.emit("end");
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
      pushWord(flag);
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

  const pushArgument = (argument: Argument) => {
    const x = passed(argument);
    if (typeof x === "number") writer.emit("i32.const", x);
    else pushCounter(x);
  };

  const printLaunch = ({ routine, counters: given }: Call) => {
    const number = routines.get(routine) as number;
    if (counters === undefined || routine.parts === 1) {
      given.forEach(pushArgument);
      writer.emit("call", number);
      return;
    }
    given.forEach((argument, k) => {
      writer.emit("i32.const", 0);
      pushArgument(argument);
      writer.emit("i32.store", counters + 4 * k);
    });
    writer.emit("i32.const", number);
    writer.emit("i32.const", routine.parts);
    writer.emit("call", 0);
  };

  const printSteps = (list: readonly Step<Call>[]): void => {
    for (const one of list) {
      if (one.kind === "repeat") printRepeat(one);
      else if (one.kind === "while") printWhile(one);
      else if (one.kind === "launch") printLaunch(one.kernel);
      else {
        pushWord(one.flag);
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
  return writer.finish("run");
}
