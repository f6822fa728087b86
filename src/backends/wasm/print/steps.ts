import {
  type Affine,
  type Argument,
  type Buffer,
  type Call,
  type Index,
  type Place,
  passed,
  type Step,
} from "../../../compiler/ir/loop.ts";
import { bytesOf } from "../../../graph/dtype.ts";
import { InternalError } from "../../../graph/errors.ts";
import type { FunctionWriter } from "../module/writer.ts";
import type { Functions, Repeat } from "./functions.ts";
import { type Sharing, thread } from "./part.ts";

/** Writes steps into a function: loops and branches, and calls of routines. */
export class StepWriter {
  readonly #writer: FunctionWriter;
  readonly #functions: Functions;
  /** Locals of the counters of the loops around. */
  readonly #locals: Map<Index, number>;
  readonly #apart: boolean;

  /** @param apart  whether it is a function of which every thread runs some iterations: then nothing in it is shared further */
  constructor(writer: FunctionWriter, functions: Functions, locals: Map<Index, number>, apart = false) {
    this.#writer = writer;
    this.#functions = functions;
    this.#locals = locals;
    this.#apart = apart;
  }

  print(steps: readonly Step<Call>[]): void {
    for (const one of steps) {
      if (one.kind === "repeat") this.#repeat(one);
      else if (one.kind === "while") this.#while(one);
      else if (one.kind === "launch") this.#launch(one.kernel);
      else this.#branch(one);
    }
  }

  #repeat(loop: Repeat): void {
    const { index, length, count, reverse, body } = loop;
    if (length <= 0) return;
    const iterations = this.#functions.iterations(loop);
    if (iterations) {
      this.#together(iterations.sharing, iterations.around, length);
      return;
    }
    const writer = this.#writer;
    const pushTurns = () => {
      if (count) this.#pushWord(count);
      else writer.emit("i32.const", length);
    };
    if (count) {
      pushTurns();
      writer.emit("if");
    }
    this.#inCounter(index, (local) => {
      if (reverse && count) {
        pushTurns();
        writer.emit("i32.const", 1);
        writer.emit("i32.sub");
      } else writer.emit("i32.const", reverse ? length - 1 : 0);
      writer.emit("local.set", local);
      writer.emit("loop");
      this.print(body);
      this.#step(local, reverse ? -1 : 1);
      writer.emit("local.tee", local);
      if (reverse) writer.emit("i32.const", 0);
      else pushTurns();
      writer.emit(reverse ? "i32.ge_s" : "i32.lt_s");
      writer.emit("br_if", 0);
      writer.emit("end");
    });
    if (count) writer.emit("end");
  }

  #while({ index, limit, test, flag, body }: Extract<Step<Call>, { kind: "while" }>): void {
    const writer = this.#writer;
    this.#inCounter(index, (local) => {
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
      this.print(test);
      this.#pushWord(flag);
      writer.emit("i32.eqz");
      writer.emit("br_if", 1);
      this.print(body);
      this.#step(local, 1);
      writer.emit("local.set", local);
      writer.emit("br", 0);
      writer.emit("end");
      writer.emit("end");
    });
  }

  #branch({ flag, yes, no }: Extract<Step<Call>, { kind: "branch" }>): void {
    this.#pushWord(flag);
    this.#writer.emit("if");
    this.print(yes);
    if (no.length > 0) {
      this.#writer.emit("else");
      this.print(no);
    }
    this.#writer.emit("end");
  }

  #launch({ routine, counters }: Call): void {
    const sharing = this.#apart ? undefined : this.#functions.shared(routine);
    if (sharing) {
      this.#together(sharing, counters, routine.parts);
      return;
    }
    for (const argument of counters) this.#pushArgument(argument);
    this.#writer.emit("call", this.#functions.alone(routine));
  }

  /** Has threads run a function in up to so many parts. */
  #together({ number, counters }: Sharing, given: readonly Argument[], parts: number): void {
    const writer = this.#writer;
    given.forEach((argument, k) => {
      writer.emit("i32.const", 0);
      this.#pushArgument(argument);
      writer.emit("i32.store", counters + 4 * k);
    });
    writer.emit("i32.const", number);
    writer.emit("i32.const", parts);
    writer.emit("call", 0);
  }

  #pushArgument(argument: Argument): void {
    const x = passed(argument);
    if (typeof x === "number") this.#writer.emit("i32.const", x);
    else this.#pushCounter(x);
    if ("dtype" in argument) this.#plusCopy(argument, bytesOf[argument.dtype]);
  }

  /** Adds how much further a thread's own copy lies than the first one, or an iteration's: in units of so many bytes. */
  #plusCopy({ stride, iteration }: Buffer, unit: number): void {
    if (!this.#apart || !stride) return;
    if (iteration) this.#pushCounter(iteration);
    else this.#writer.emit("local.get", thread);
    this.#writer.emit("i32.const", (stride / unit) | 0);
    this.#writer.emit("i32.mul");
    this.#writer.emit("i32.add");
  }

  /** The int32 or bool at a place. */
  #pushWord({ buffer, at, moving }: Place): void {
    if (moving) throw new InternalError("the position of a flag must be known");
    const size = bytesOf[buffer.dtype];
    this.#pushSum({ offset: at.offset * size, terms: at.terms.map((t) => ({ ...t, scale: t.scale * size })) });
    this.#plusCopy(buffer, 1);
    this.#writer.emit("i32.load", buffer.offset);
  }

  #pushSum({ offset, terms }: Affine): void {
    this.#writer.emit("i32.const", offset);
    for (const { index, scale } of terms) {
      this.#pushCounter(index);
      this.#writer.emit("i32.const", scale);
      this.#writer.emit("i32.mul");
      this.#writer.emit("i32.add");
    }
  }

  #pushCounter(index: Index): void {
    const local = this.#locals.get(index);
    if (local === undefined) throw new InternalError(`counter ${index.id} belongs to no loop around its use`);
    this.#writer.emit("local.get", local);
  }

  #inCounter(index: Index, print: (local: number) => void): void {
    const local = this.#writer.take("i32");
    this.#locals.set(index, local);
    print(local);
    this.#writer.give(local);
  }

  #step(local: number, by: 1 | -1): void {
    this.#writer.emit("local.get", local);
    this.#writer.emit("i32.const", by);
    this.#writer.emit("i32.add");
  }
}
