import type { Compiled } from "../compiler/compile.ts";
import type { Buffer } from "../compiler/ir/loop.ts";
import { viewOf } from "../graph/dtype.ts";
import type { Executable } from "./backend.ts";

/** A compiled program whose arena, of `bytes`, begins `start` bytes into `memory`. Copies its data in. */
export function executableOf(
  compiled: Omit<Compiled, "program">,
  memory: ArrayBufferLike,
  run: () => void,
  { start = 0, bytes = memory.byteLength }: { readonly start?: number; readonly bytes?: number } = {},
): Executable {
  const view = ({ dtype, offset, length }: Buffer) => viewOf(dtype, memory, start + offset, length);
  const views = <K>(buffers: ReadonlyMap<K, Buffer>) => new Map([...buffers].map(([key, b]) => [key, view(b)]));
  for (const { buffer, values } of compiled.data) view(buffer).set(values);
  return {
    inputs: views(compiled.inputs),
    parameters: views(compiled.parameters),
    outputs: views(compiled.outputs),
    bytes,
    run,
  };
}
