import type { Call, Index, Step } from "../../../compiler/ir/loop.ts";
import { partParams, type WasmFunction } from "../module/module.ts";
import { FunctionWriter } from "../module/writer.ts";
import type { Functions, Iterations } from "./functions.ts";
import { passedCounters, pushEdge } from "./part.ts";
import { StepWriter } from "./steps.ts";

/** The steps of a program. */
export function printRun(steps: readonly Step<Call>[], functions: Functions): WasmFunction {
  const writer = new FunctionWriter("run", []);
  new StepWriter(writer, functions, new Map()).print(steps);
  return writer.finish("run");
}

/** Iterations of a loop that threads run side by side, as a function that they share. */
export function printTurns({ loop, around, sharing }: Iterations, name: string, functions: Functions): WasmFunction {
  const writer = new FunctionWriter(name, partParams);
  const locals = new Map<Index, number>(passedCounters(writer, around, sharing));
  const [counter, end] = [writer.fresh("i32"), writer.fresh("i32")];
  locals.set(loop.index, counter);
  pushEdge(writer, loop.length, 1);
  writer.emit("local.set", end);
  pushEdge(writer, loop.length, 0);
  writer.emit("local.tee", counter);
  writer.emit("local.get", end);
  writer.emit("i32.ne");
  writer.emit("if");
  writer.emit("loop");
  new StepWriter(writer, functions, locals, true).print(loop.body);
  writer.emit("local.get", counter);
  writer.emit("i32.const", 1);
  writer.emit("i32.add");
  writer.emit("local.tee", counter);
  writer.emit("local.get", end);
  writer.emit("i32.ne");
  writer.emit("br_if", 0);
  writer.emit("end");
  writer.emit("end");
  return writer.finish(String(sharing.number));
}
