import type { Opcode } from "./opcodes.ts";

/** Types of locals. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

export type Immediate = number | bigint | Uint8Array;

/** One instruction: its name and its immediates, as the text format has them. */
export type Code = readonly [name: Opcode, ...immediates: Immediate[]];

/** A function from numbers to nothing: what it does, it does to the memory. */
export interface WasmFunction {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly body: readonly Code[];
  /** The name by which JavaScript calls it. */
  readonly exported?: string;
}

/** A module that exports its memory as "memory"; or one for several threads, which imports it, and their meeting. */
export interface WasmModule {
  /** Pages of 64 KiB. */
  readonly pages: number;
  readonly threaded: boolean;
  readonly functions: readonly WasmFunction[];
}

/**
 * What a module for several threads imports beside its memory; it is function 0. It is told a function's number, and into how
 * many parts that may be cut.
 */
export const together = { name: "together", params: ["i32", "i32"] } as const;

/** What the functions are told that it calls: a part's number, how many parts there are, and the thread's number. */
export const partParams = ["i32", "i32", "i32"] as const;
