import type { Compiled } from "../../src/compiler/compile.ts";
import { planGraph } from "../../src/compiler/compile.ts";
import type { Buffer, Machine } from "../../src/compiler/ir/loop.ts";
import { workOfSteps } from "../../src/compiler/loops/parallel.ts";
import { bytesOf } from "../../src/graph/dtype.ts";
import type { GraphProgram } from "../../src/graph/program.ts";

const alignment = 64;
const whole = (bytes: number) => Math.ceil(bytes / alignment) * alignment;

/** A program whose arrays have memory of their own, and the bytes between them, which nothing may touch. */
export interface Fenced {
  readonly compiled: Compiled;
  readonly fences: readonly { readonly from: number; readonly to: number }[];
}

/**
 * Compiles a program with a fence behind every array, and behind every copy that a thread has of one: 64 bytes, and what is
 * left of the last 64 that it fills. Only arrays that lie in one place on purpose share it.
 */
export function compileFenced(graph: GraphProgram, machine: Machine): Fenced {
  const { steps, routines, buffers, aliases, inputs, parameters, outputs, data } = planGraph(graph, machine);
  const fences = [{ from: 0, to: alignment }];
  let bytes = alignment;
  const place = (b: Buffer) => {
    const size = b.length * bytesOf[b.dtype];
    const stride = whole(size) + alignment;
    const copies = b.stride ? (machine.threads ?? 1) : 1;
    Object.assign(b, { offset: bytes, ...(b.stride && { stride }) });
    for (let k = 0; k < copies; k++) fences.push({ from: bytes + k * stride + size, to: bytes + (k + 1) * stride });
    bytes += copies * stride;
  };
  for (const b of buffers) if (!aliases.has(b)) place(b);
  for (const [made, { offset, stride, iteration }] of aliases) Object.assign(made, { offset, stride, iteration });
  const calls = routines.calls(steps, bytes);
  const work = workOfSteps(calls, ({ routine }) => routine.work);
  return { compiled: { program: { steps: calls, buffers, bytes, work }, inputs, parameters, outputs, data }, fences };
}
