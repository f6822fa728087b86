import { expect } from "vitest";
import { loadLoopProgram } from "../../../src/backends/wasm/load.ts";
import { encode } from "../../../src/backends/wasm/module/encode.ts";
import { plain } from "../../../src/backends/wasm/module/features.ts";
import { printProgram } from "../../../src/backends/wasm/print/print.ts";
import type { Buffer, LoopProgram, LoopType } from "../../../src/compiler/ir/loop.ts";
import { type DType, type TypedArray, viewOf } from "../../../src/graph/dtype.ts";
import { interpretLoops } from "./interpret.ts";

/** What a buffer holds at first; zeros when undefined. */
export type Fill = (buffer: Buffer) => ArrayLike<number> | undefined;

/**
 * Runs a program here and by the book on equal memories; gives a look at the memory after it. Only what every engine
 * has is used, for what relaxed SIMD gives is up to the processor.
 */
export async function agree(
  program: LoopProgram,
  fill: Fill = () => undefined,
): Promise<(buffer: Buffer) => TypedArray> {
  expect(WebAssembly.validate(encode(printProgram(program)))).toBe(true);
  const { memory, run } = await loadLoopProgram(program, plain);
  const expected = new ArrayBuffer(program.bytes);
  const view = (buffer: Buffer, of: ArrayBufferLike) => viewOf(buffer.dtype, of, buffer.offset, buffer.length);
  for (const of of [memory, expected]) {
    for (const buffer of program.buffers) view(buffer, of).set(fill(buffer) ?? []);
  }
  run();
  interpretLoops(program, expected);
  for (const buffer of program.buffers) expect(view(buffer, memory)).toEqual(view(buffer, expected));
  return (buffer) => view(buffer, memory);
}

/** The buffers that hold values of each type. */
export const dtypes: { readonly [T in LoopType]: DType } = {
  float32: "float32",
  float64: "float64",
  int32: "int32",
  int64: "float64",
  mask32: "bool",
  mask64: "float64",
};

/** Lanes of a vector of 16 bytes. */
export const vectorOf: { readonly [T in LoopType]: number } = {
  float32: 4,
  float64: 2,
  int32: 4,
  int64: 2,
  mask32: 4,
  mask64: 2,
};
