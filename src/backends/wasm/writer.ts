import type { Code, ValueType, WasmFunction } from "./module.ts";
import type { Opcode } from "./opcodes.ts";

/** A function that is being written: its locals, and the list that instructions go to. */
export class FunctionWriter {
  readonly #name: string;
  readonly #params: readonly ValueType[];
  readonly #locals: ValueType[] = [];
  readonly #idle = new Map<ValueType, number[]>();
  /** Runs once, before the body. */
  readonly #entry: Code[] = [];
  #code: Code[] = [];

  constructor(name: string, params: readonly ValueType[]) {
    this.#name = name;
    this.#params = params;
  }

  emit(name: Opcode, ...immediates: (number | bigint | Uint8Array)[]): void {
    this.#code.push([name, ...immediates]);
  }

  /** Puts what `print` writes on a list of its own. */
  collect(print: () => void, code: Code[] = []): Code[] {
    const outer = this.#code;
    this.#code = code;
    print();
    this.#code = outer;
    return code;
  }

  /** Writes to what runs once, before the body. */
  atEntry(print: () => void): void {
    this.collect(print, this.#entry);
  }

  append(code: readonly Code[]): void {
    for (const one of code) this.#code.push(one);
  }

  /** A local that nothing uses before, in loops around this place included. */
  fresh(type: ValueType): number {
    this.#locals.push(type);
    return this.#params.length + this.#locals.length - 1;
  }

  /** A local that nothing uses now. */
  take(type: ValueType): number {
    return this.#idle.get(type)?.pop() ?? this.fresh(type);
  }

  /** Lets others have the local. */
  give(local: number): void {
    const type = this.#locals[local - this.#params.length];
    const idle = this.#idle.get(type);
    if (idle) idle.push(local);
    else this.#idle.set(type, [local]);
  }

  finish(): WasmFunction {
    const body = [...this.#entry, ...this.#code];
    return { name: this.#name, params: this.#params, locals: this.#locals, body };
  }
}
