import type { Instruction, Value } from "../../compiler/loop.ts";
import { InternalError } from "../../graph/errors.ts";
import { localType } from "./types.ts";
import type { Uses } from "./uses.ts";
import type { FunctionWriter } from "./writer.ts";

/** Instructions that only make a value: they may be printed later than they stand, where the value is needed. */
export type Making = Extract<Instruction, { op: "compute" | "load" | "ramp" }>;

type Home =
  | { readonly kind: "local"; readonly local: number }
  | { readonly kind: "deferred"; readonly making: Making }
  | { readonly kind: "constant"; readonly value: number };

/**
 * Where each value of a routine is. A made value is deferred: its first use prints it in place, as an operand, and
 * keeps it in a local only when more uses follow. What must not be deferred past something is settled before it.
 */
export class Values {
  readonly #writer: FunctionWriter;
  readonly #variables: ReadonlySet<Value>;
  readonly #escaping: ReadonlySet<Value>;
  readonly #remaining: Map<Value, number>;
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
    this.#variables = uses.variables;
    this.#escaping = uses.escaping;
    this.#remaining = new Map(uses.counts);
    this.#printMaking = printMaking;
    this.#printConstant = printConstant;
  }

  defer(making: Making): void {
    if (!this.#remaining.get(making.to)) return;
    this.#homes.set(making.to, { kind: "deferred", making });
    this.#deferred.set(making.to, making);
  }

  setConstant(to: Value, value: number): void {
    this.#homes.set(to, { kind: "constant", value });
  }

  constantOf(value: Value): number | undefined {
    const home = this.#homes.get(value);
    return home?.kind === "constant" ? home.value : undefined;
  }

  /** Pops what is on the stack into a new local for `value`. */
  declare(value: Value): void {
    this.#writer.emit("local.set", this.#settleIn(value));
  }

  localOf(variable: Value): number {
    const home = this.#homes.get(variable);
    if (home?.kind !== "local") throw new InternalError(`value ${variable.id} is assigned but not declared`);
    return home.local;
  }

  push(value: Value): void {
    const home = this.#homes.get(value);
    if (!home) throw new InternalError(`value ${value.id} is used where it is not known`);
    const remaining = (this.#remaining.get(value) ?? 0) - 1;
    this.#remaining.set(value, remaining);
    if (home.kind === "constant") {
      this.#printConstant(value, home.value);
    } else if (home.kind === "local") {
      this.#writer.emit("local.get", home.local);
      if (remaining === 0 && !this.#escaping.has(value) && !this.#variables.has(value))
        this.#release(value, home.local);
    } else {
      this.#deferred.delete(value);
      this.#printMaking(home.making);
      if (remaining > 0) this.#writer.emit("local.tee", this.#settleIn(value));
    }
  }

  /** Prints, in order, what was deferred and fits `condition`, each into a local. */
  settle(condition: (making: Making) => boolean): void {
    for (const [value, making] of [...this.#deferred]) {
      if (this.#deferred.has(value) && condition(making)) this.#settleOne(value, making);
    }
  }

  /** Prints everything that was deferred. */
  settleAll(): void {
    // An operand with one use left is printed inside whatever uses it.
    const operands = new Set([...this.#deferred.values()].flatMap((m) => (m.op === "compute" ? m.args : [])));
    for (const [value, making] of [...this.#deferred]) {
      const serves = operands.has(value) && this.#remaining.get(value) === 1;
      if (!serves && this.#deferred.has(value)) this.#settleOne(value, making);
    }
  }

  #settleOne(value: Value, making: Making): void {
    this.#deferred.delete(value);
    this.#printMaking(making);
    this.declare(value);
  }

  /** What `print` makes is gone after it. */
  block(print: () => void): void {
    this.#blocks.push(new Set());
    print();
    for (const value of this.#blocks.pop() ?? []) this.#writer.give(this.localOf(value));
  }

  #settleIn(value: Value): number {
    const local = this.#writer.take(localType(value));
    this.#homes.set(value, { kind: "local", local });
    this.#blocks.at(-1)?.add(value);
    return local;
  }

  #release(value: Value, local: number): void {
    this.#blocks.at(-1)?.delete(value);
    this.#homes.delete(value);
    this.#writer.give(local);
  }
}
