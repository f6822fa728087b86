import {
  type Affine,
  at,
  type Buffer,
  type Call,
  type Index,
  type Instruction,
  type LoopOp,
  type LoopProgram,
  type LoopType,
  type Place,
  type Routine,
  type Step,
  type Value,
} from "../../../src/compiler/ir/loop.ts";
import { workOf } from "../../../src/compiler/loops/parallel.ts";
import { bytesOf, type DType } from "../../../src/graph/dtype.ts";

let made = 0;

export function index(): Index {
  return { id: made++ };
}

/** Writes the body of a routine, one instruction a call. */
export class Hand {
  #body: Instruction[] = [];

  value(type: LoopType, lanes = 1): Value {
    return { id: made++, type, lanes };
  }

  constant(type: LoopType, lanes: number, value: number): Value {
    const to = this.value(type, lanes);
    this.#body.push({ op: "constant", to, value });
    return to;
  }

  compute(name: LoopOp, type: LoopType, lanes: number, ...args: readonly Value[]): Value {
    const to = this.value(type, lanes);
    this.#body.push({ op: "compute", to, name, args });
    return to;
  }

  ramp(lanes: number, position: Affine, stride: number): Value {
    const to = this.value("int32", lanes);
    this.#body.push({ op: "ramp", to, at: position, stride });
    return to;
  }

  load(type: LoopType, lanes: number, buffer: Buffer, position: Affine, stride = 1, moving?: Place["moving"]): Value {
    const to = this.value(type, lanes);
    this.#body.push({ op: "load", to, from: { buffer, at: position, moving }, stride });
    return to;
  }

  store(value: Value, buffer: Buffer, position: Affine = at(0), moving?: Place["moving"]): void {
    this.#body.push({ op: "store", value, to: { buffer, at: position, moving } });
  }

  declare(from: Value): Value {
    const to = this.value(from.type, from.lanes);
    this.#body.push({ op: "declare", to, from });
    return to;
  }

  assign(to: Value, from: Value): void {
    this.#body.push({ op: "assign", to, from });
  }

  for(from: number, to: number, step: number, print: (index: Index) => void): void {
    const counter = index();
    this.#body.push({
      op: "for",
      index: counter,
      from,
      to,
      step,
      independent: false,
      body: this.#collect(() => print(counter)),
    });
  }

  routine(name: string, indices: readonly Index[] = []): Routine {
    return { name, indices, body: this.#body, parts: 1, work: workOf(this.#body) };
  }

  #collect(print: () => void): Instruction[] {
    const outer = this.#body;
    this.#body = [];
    print();
    const inner = this.#body;
    this.#body = outer;
    return inner;
  }
}

/** Lays buffers out one after the other. */
export class Arena {
  readonly buffers: Buffer[] = [];
  #bytes = 0;

  buffer(dtype: DType, length: number): Buffer {
    const buffer: Buffer = { id: made++, kind: "temporary", dtype, length, offset: this.#bytes };
    this.#bytes += Math.ceil((length * bytesOf[dtype]) / 64) * 64;
    this.buffers.push(buffer);
    return buffer;
  }

  program(...steps: readonly Step<Call>[]): LoopProgram {
    return { steps, buffers: this.buffers, bytes: this.#bytes, work: 0 };
  }
}

export function launch(routine: Routine): Step<Call> {
  return { kind: "launch", kernel: { routine, counters: routine.indices } };
}
