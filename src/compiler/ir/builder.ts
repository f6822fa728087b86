import { InternalError } from "../../graph/errors.ts";
import type { Affine, Index, Instruction, LoopOp, LoopType, Place, Value } from "./loop.ts";

const comparisons: ReadonlySet<LoopOp> = new Set(["lt", "le", "eq", "ne"]);

function isWide(type: LoopType): boolean {
  return type === "float64" || type === "int64" || type === "mask64";
}

export function maskOf(type: LoopType): "mask32" | "mask64" {
  return isWide(type) ? "mask64" : "mask32";
}

/** Writes a routine's instructions one after another. Equal constants are one value, made at the routine's start. */
export class Builder {
  readonly #constants = new Map<string, Value>();
  readonly #numbers = new Map<Value, number>();
  readonly #prologue: Instruction[] = [];
  readonly #fresh: () => Index;
  #body: Instruction[] = [];
  #next = 0;

  /** @param fresh  gives a counter that nothing else has */
  constructor(fresh: () => Index) {
    this.#fresh = fresh;
  }

  /** The routine's whole body. */
  finish(): Instruction[] {
    return [...this.#prologue, ...this.#body];
  }

  constant(type: LoopType, lanes: number, value: number): Value {
    const key = `${type}x${lanes}:${Object.is(value, -0) ? "-0" : value}`;
    let made = this.#constants.get(key);
    if (!made) {
      made = this.#value(type, lanes);
      this.#constants.set(key, made);
      this.#numbers.set(made, value);
      this.#prologue.push({ op: "constant", to: made, value });
    }
    return made;
  }

  /** A constant of the type and lanes of another value. */
  like(x: Value, value: number): Value {
    return this.constant(x.type, x.lanes, value);
  }

  /** An operation whose result has its operands' type (a comparison's result is a mask). */
  op(name: LoopOp, ...args: Value[]): Value {
    const last = args[args.length - 1];
    if (name === "sumLanes" || name === "maxLanes") return this.as(name, last.type, 1, ...args);
    return this.as(name, comparisons.has(name) ? maskOf(last.type) : last.type, last.lanes, ...args);
  }

  /** An operation with a result type that its operands do not tell. */
  as(name: LoopOp, type: LoopType, lanes: number, ...args: Value[]): Value {
    const to = this.#value(type, lanes);
    this.#body.push({ op: "compute", to, name, args });
    return to;
  }

  /** The number that a constant holds; undefined for anything else. */
  numberOf(x: Value): number | undefined {
    return this.#numbers.get(x);
  }

  convert(x: Value, type: LoopType): Value {
    if (x.type === type) return x;
    // A constant mask has no width of its own.
    const number = x.type.startsWith("mask") ? this.numberOf(x) : undefined;
    return number === undefined ? this.as("convert", type, x.lanes, x) : this.constant(type, x.lanes, number);
  }

  splat(x: Value, lanes: number): Value {
    return x.lanes === lanes ? x : this.as("splat", x.type, lanes, x);
  }

  /** If `test` then `yes` else `no`, for numbers and masks alike. */
  select(test: Value, yes: Value, no: Value): Value {
    const mask = this.convert(test, maskOf(yes.type));
    if (!yes.type.startsWith("mask")) return this.op("select", mask, yes, no);
    return this.op("or", this.op("and", mask, yes), this.op("and", this.op("not", mask), no));
  }

  ramp(lanes: number, at: Affine, stride: number): Value {
    const to = this.#value("int32", lanes);
    this.#body.push({ op: "ramp", to, at, stride });
    return to;
  }

  load(type: LoopType, lanes: number, from: Place, stride: number): Value {
    const to = this.#value(type, lanes);
    this.#body.push({ op: "load", to, from, stride });
    return to;
  }

  fetch(from: Place, write: boolean): void {
    this.#body.push({ op: "fetch", from, write });
  }

  store(value: Value, to: Place): void {
    this.#body.push({ op: "store", value, to });
  }

  /** Turns rows into columns: lane k of result i is lane i of operand k. As many operands as each has lanes. */
  transpose(rows: readonly Value[]): readonly Value[] {
    const half = rows.length / 2;
    let values = rows;
    // Each round is a perfect shuffle of all elements; log2(n) of them exchange the two halves of an element's number.
    for (let n = rows.length; n > 1; n /= 2) {
      values = values
        .slice(0, half)
        .flatMap((x, i) => [this.op("zipLow", x, values[half + i]), this.op("zipHigh", x, values[half + i])]);
    }
    return values;
  }

  variable(from: Value): Value {
    const to = this.#value(from.type, from.lanes);
    this.#body.push({ op: "declare", to, from });
    return to;
  }

  assign(to: Value, from: Value): void {
    this.#body.push({ op: "assign", to, from });
  }

  /**
   * `usual`, except in the lanes where the mask holds: there it is what `write` gives. That is written for all lanes, and
   * runs where any asks for it.
   */
  rarely(test: Value, usual: readonly Value[], write: () => readonly Value[]): readonly Value[] {
    const chosen = usual.map((x) => this.variable(x));
    const body = this.#inside(() => {
      write().forEach((rare, i) => this.assign(chosen[i], this.select(test, rare, chosen[i])));
    });
    this.#body.push({ op: "when", test, body });
    return chosen;
  }

  /** A loop over known numbers, in order: `write` gets each of them in all lanes of a value like `x`. */
  overTable(x: Value, numbers: readonly number[], write: (number: Value) => void): void {
    const index = this.#fresh();
    this.loop(index, 0, numbers.length, 1, false, () => {
      const to = this.#value(x.type, x.lanes);
      this.#body.push({ op: "table", to, numbers, at: index });
      write(to);
    });
  }

  /** A counted loop; nothing at all when it has no iterations. */
  loop(index: Index, from: number, to: number, step: number, independent: boolean, write: () => void): void {
    if (step <= 0) throw new InternalError("a loop must advance");
    if (from >= to) return;
    const body = this.#inside(write);
    this.#body.push({ op: "for", index, from, to, step, independent, body });
  }

  /** What `write` writes, as instructions of their own. */
  #inside(write: () => void): readonly Instruction[] {
    const outer = this.#body;
    this.#body = [];
    write();
    const body = this.#body;
    this.#body = outer;
    return body;
  }

  #value(type: LoopType, lanes: number): Value {
    return { id: this.#next++, type, lanes };
  }
}
