import {
  along,
  type Buffer,
  type Index,
  type Instruction,
  type Routine,
  type Value,
} from "../../../compiler/ir/loop.ts";
import { bytesOf } from "../../../graph/dtype.ts";
import type { Features } from "../module/features.ts";
import { partParams, type WasmFunction } from "../module/module.ts";
import { isVector, isVectorShape, named, shapeOf } from "../module/types.ts";
import { FunctionWriter } from "../module/writer.ts";
import { Addresses, type Range } from "./address.ts";
import { computations } from "./compute.ts";
import { Constants } from "./constants.ts";
import { printLoad, printStore } from "./memory.ts";
import type { Operands } from "./operands.ts";
import { passedCounters, type Sharing } from "./part.ts";
import { countUses } from "./uses.ts";
import { type Making, Values } from "./values.ts";

/** A function of the routine's counters, or one that threads share. `ranges` are those of the program's loops. */
export function printRoutine(
  routine: Routine,
  name: string,
  ranges: ReadonlyMap<Index, Range>,
  has: Features,
  sharing?: Sharing,
): WasmFunction {
  const { indices } = routine;
  const writer = new FunctionWriter(name, sharing ? partParams : indices.map(() => "i32" as const));
  const locals = sharing ? passedCounters(writer, indices, sharing) : new Map(indices.map((index, k) => [index, k]));

  const uses = countUses(routine.body);
  const constants = new Constants(writer);
  const addresses = new Addresses(writer, locals, ranges);
  const values = new Values(writer, uses, printMaking, (to, value) => constants.push(to, value));
  const operands: Operands = {
    writer,
    has,
    push: (value) => values.push(value),
    pushConstant: (to, value) => constants.push(to, value),
    constantOf: (value) => values.constantOf(value),
  };

  function printMaking(making: Making): void {
    if (making.op === "compute") computations[making.name](operands, making.to, making.args);
    else if (making.op === "load") printLoad(operands, addresses, making.to, making.from, making.stride);
    else if (making.op === "table") printTable(making);
    else printRamp(making);
  }

  /** The last number whose place is not beyond the counter. */
  function printTable({ to, numbers, at }: Extract<Instruction, { op: "table" }>): void {
    const one = { type: to.type, lanes: 1 };
    const counter = writer.take("i32");
    addresses.pushAffine(along(at));
    writer.emit("local.set", counter);
    constants.push(one, numbers[0]);
    for (let k = 1; k < numbers.length; k++) {
      constants.push(one, numbers[k]);
      writer.emit("local.get", counter);
      writer.emit("i32.const", k);
      writer.emit("i32.lt_s");
      writer.emit("select");
    }
    writer.give(counter);
    const shape = shapeOf(to);
    if (isVectorShape(shape)) writer.emit(named(shape, "splat"));
  }

  function printRamp({ to, at, stride }: Extract<Instruction, { op: "ramp" }>): void {
    if (!isVector(to)) {
      addresses.pushAffine(at);
      return;
    }
    addresses.pushAffine({ ...at, offset: 0 });
    writer.emit("i32x4.splat");
    constants.pushLanes(
      to.type,
      Array.from({ length: to.lanes }, (_, lane) => at.offset + lane * stride),
    );
    writer.emit("i32x4.add");
  }

  function printBlock(body: readonly Instruction[]): void {
    values.block(() => {
      const products: number[] = [];
      for (let i = 0; i < body.length; i++) {
        const one = body[i];
        printInstruction(one);
        if (uses.positions.size === 0) continue;
        if (
          one.op === "compute" ||
          one.op === "load" ||
          one.op === "ramp" ||
          one.op === "table" ||
          one.op === "constant"
        ) {
          for (const bytes of uses.positions.get(one.to) ?? []) {
            products.push(addresses.declareMoving(one.to, bytes, () => values.push(one.to)));
          }
        }
      }
      for (const local of products) writer.give(local);
    });
  }

  function printInstruction(one: Instruction): void {
    switch (one.op) {
      case "constant":
        values.setConstant(one.to, one.value);
        break;
      case "compute":
      case "load":
      case "ramp":
      case "table":
        values.defer(one);
        break;
      case "fetch":
        // WebAssembly has no such hint.
        break;
      case "store":
        printStore(operands, addresses, one.value, one.to, () =>
          values.settle((making) => making.op === "load" && overlap(making.from.buffer, one.to.buffer)),
        );
        break;
      case "declare":
        values.push(one.from);
        values.declare(one.to);
        break;
      case "assign":
        values.push(one.from);
        values.settle((making) => reads(making, one.to));
        writer.emit("local.set", values.localOf(one.to));
        break;
      case "when":
        values.push(one.test);
        // What is needed after it as well is made before it.
        values.settleAll();
        if (isVector(one.test)) writer.emit("v128.any_true");
        writer.emit("if");
        printBlock(one.body);
        writer.emit("end");
        break;
      case "for":
        values.settleAll();
        if (sharing && one.parallel) addresses.sharedLoop(one, () => printBlock(one.body));
        else addresses.loop(one, () => printBlock(one.body));
    }
  }

  printBlock(routine.body);
  return writer.finish(sharing && String(sharing.number));
}

function reads(making: Making, variable: Value): boolean {
  if (making.op === "compute") return making.args.includes(variable);
  return making.op === "load" && making.from.moving?.position === variable;
}

/** Buffers whose times of use differ, or that are changed in place, may share bytes. */
function overlap(a: Buffer, b: Buffer): boolean {
  const end = ({ dtype, length, offset }: Buffer) => offset + length * bytesOf[dtype];
  return a.offset < end(b) && b.offset < end(a);
}
