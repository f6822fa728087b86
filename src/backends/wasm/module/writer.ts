import type { Code, Immediate, ValueType, WasmFunction } from "./module.ts";
import type { Opcode } from "./opcodes.ts";

/** A function that is being written: its locals, and the list that instructions go to. */
export class FunctionWriter {
  readonly #name: string;
  readonly #params: readonly ValueType[];
  readonly #locals: ValueType[] = [];
  readonly #idle = new Map<ValueType, number[]>();
  /** Runs once, before the body. */
  #entry: Code[] = [];
  #code: Code[] = [];

  constructor(name: string, params: readonly ValueType[]) {
    this.#name = name;
    this.#params = params;
  }

  emit(name: Opcode, first?: Immediate, second?: Immediate): void {
    if (first === undefined) this.#code.push([name]);
    else this.#code.push(second === undefined ? [name, first] : [name, first, second]);
  }

  /** Puts what `print` writes on a list of its own. */
  collect(print: () => void, code: Code[] = []): Code[] {
    const outer = this.#code;
    this.#code = code;
    print();
    const made = this.#code;
    this.#code = outer;
    return made;
  }

  /** Writes to what runs once, before the body. */
  atEntry(print: () => void): void {
    this.#entry = this.collect(print, this.#entry);
  }

  append(code: readonly Code[]): void {
    this.#code = this.#code.concat(code);
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

  finish(exported?: string): WasmFunction {
    const body = this.#entry.concat(this.#code);
    return { name: this.#name, params: this.#params, locals: this.#locals, body, exported };
  }
}
