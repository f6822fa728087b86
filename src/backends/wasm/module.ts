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
}

/** A module with a memory of its own. It exports the memory as "memory" and its last function by name. */
export interface WasmModule {
  /** Pages of 64 KiB. */
  readonly pages: number;
  readonly functions: readonly WasmFunction[];
}
