import type { Instruction, Value } from "../../../compiler/ir/loop.ts";
import { InternalError } from "../../../graph/errors.ts";
import { localType } from "../module/types.ts";
import type { FunctionWriter } from "../module/writer.ts";
import type { Use, Uses } from "./uses.ts";

/** Instructions that only make a value: they may be printed later than they stand, where the value is needed. */
export type Making = Extract<Instruction, { op: "compute" | "load" | "ramp" | "table" }>;

/** Where a value is: a constant, not yet printed, or in a local; none of them before it is made and after its last use. */
interface Home {
  readonly use: Use;
  remaining: number;
  constant: number | undefined;
  making: Making | undefined;
  local: number | undefined;
}

/**
 * Where each value of a routine is. A made value is deferred: its first use prints it in place, as an operand, and
 * keeps it in a local only when more uses follow. What must not be deferred past something is settled before it.
 */
export class Values {
  readonly #writer: FunctionWriter;
  readonly #uses: Uses["values"];
  readonly #homes = new Map<Value, Home>();
  readonly #deferred = new Map<Value, Making>();
  readonly #printMaking: (making: Making) => void;
  readonly #printConstant: (to: Value, value: number) => void;
  /** Locals to give back at the end of each block around, the innermost last. */
  readonly #blocks: Set<Value>[] = [];

  constructor(
    writer: FunctionWriter,
    uses: Uses,
    printMaking: (making: Making) => void,
    printConstant: (to: Value, value: number) => void,
  ) {
    this.#writer = writer;
    this.#uses = uses.values;
    this.#printMaking = printMaking;
    this.#printConstant = printConstant;
  }

  defer(making: Making): void {
    const home = this.#homeOf(making.to);
    if (home.remaining === 0) return;
    home.making = making;
    this.#deferred.set(making.to, making);
  }

  setConstant(to: Value, value: number): void {
    this.#homeOf(to).constant = value;
  }

  constantOf(value: Value): number | undefined {
    return this.#homes.get(value)?.constant;
  }

  /** Pops what is on the stack into a new local for `value`. */
  declare(value: Value): void {
    this.#writer.emit("local.set", this.#settleIn(value, this.#homeOf(value)));
  }

  localOf(variable: Value): number {
    const local = this.#homes.get(variable)?.local;
    if (local === undefined) throw new InternalError(`value ${variable.id} is assigned but not declared`);
    return local;
  }

  push(value: Value): void {
    const home = this.#homes.get(value);
    if (!home) throw new InternalError(`value ${value.id} is used where it is not known`);
    const { use, constant, making, local } = home;
    const remaining = --home.remaining;
    if (constant !== undefined) {
      this.#printConstant(value, constant);
    } else if (local !== undefined) {
      this.#writer.emit("local.get", local);
      if (remaining === 0 && !use.escapes && !use.variable) this.#release(value, local);
    } else if (making) {
      this.#deferred.delete(value);
      home.making = undefined;
      this.#printMaking(making);
      if (remaining > 0) this.#writer.emit("local.tee", this.#settleIn(value, home));
    } else throw new InternalError(`value ${value.id} is used more often than was counted`);
  }

  /** Prints, in order, what was deferred and fits `condition`, each into a local. */
  settle(condition: (making: Making) => boolean): void {
    if (this.#deferred.size === 0) return;
    for (const [value, making] of [...this.#deferred]) {
      if (this.#deferred.has(value) && condition(making)) this.#settleOne(value, making);
    }
  }

  /** Prints everything that was deferred. */
  settleAll(): void {
    if (this.#deferred.size === 0) return;
    // An operand with one use left is printed inside whatever uses it.
    const operands = new Set([...this.#deferred.values()].flatMap((m) => (m.op === "compute" ? m.args : [])));
    for (const [value, making] of [...this.#deferred]) {
      const serves = operands.has(value) && this.#homeOf(value).remaining === 1;
      if (!serves && this.#deferred.has(value)) this.#settleOne(value, making);
    }
  }

  #settleOne(value: Value, making: Making): void {
    this.#deferred.delete(value);
    this.#homeOf(value).making = undefined;
    this.#printMaking(making);
    this.declare(value);
  }

  /** What `print` makes is gone after it. */
  block(print: () => void): void {
    this.#blocks.push(new Set());
    print();
    for (const value of this.#blocks.pop() ?? []) this.#writer.give(this.localOf(value));
  }

  #homeOf(value: Value): Home {
    const known = this.#homes.get(value);
    if (known) return known;
    const use = this.#uses.get(value);
    if (!use) throw new InternalError(`value ${value.id} is not of this routine`);
    const made = { use, remaining: use.count, constant: undefined, making: undefined, local: undefined };
    this.#homes.set(value, made);
    return made;
  }

  #settleIn(value: Value, home: Home): number {
    const local = this.#writer.take(localType(value));
    home.local = local;
    this.#blocks.at(-1)?.add(value);
    return local;
  }

  #release(value: Value, local: number): void {
    this.#blocks.at(-1)?.delete(value);
    this.#homes.delete(value);
    this.#writer.give(local);
  }
}
