import { copiedFrom } from "../compiler/batch/batch-mover.ts";
import type { Planned } from "../compiler/compile.ts";
import type { Kernel } from "../compiler/ir/kernel.ts";
import type { Buffer } from "../compiler/ir/loop.ts";
import type { Piece } from "../compiler/memory/plan.ts";
import { bytesOf } from "../graph/dtype.ts";
import type { Shape } from "../graph/shape.ts";
import { type KernelWork, launchesOf, workOfKernel } from "./launches.ts";
import { layerOf } from "./layer-of.ts";

/** What a program's memory holds, by what for. */
export const roles = ["parameters", "optimizer", "gradients", "inputs", "activations", "workspace"] as const;
export type Role = (typeof roles)[number];

/** What a program takes, from the compiler's own plan. */
export interface ProgramMemory {
  /** The arena: all that the program allocates. */
  readonly peakBytes: number;
  /** What is alive as kernels run, in their order. */
  readonly timeline: readonly Moment[];
  /** The moment at which most is alive. */
  readonly peak: Peak;
}

/** A kernel at work. */
export interface Moment extends KernelWork {
  /** What runs: "contract". */
  readonly kernel: string;
  /** Whose it is, as `Held.layer`. */
  readonly layer: string;
  readonly phase: Phase;
  /** Alive meanwhile. */
  readonly liveBytes: number;
}

/** An update is often one kernel with the last of the gradient that it takes. */
export type Phase = "forward" | "backward" | "update";

export interface Peak {
  readonly bytes: number;
  /** Its place in the timeline. */
  readonly step: number;
  /** All of the arena at that moment; `gaps` lie between what is alive. */
  readonly terms: { readonly [R in Role | "gaps"]: number };
  /** The two largest of the arrays that come and go. */
  readonly largest: readonly Held[];
}

/** An array. */
export interface Held {
  /** The layer that computes it, by its place in the model: "2"; empty where none does. */
  readonly layer: string;
  /** What it is: "tanh", "x", "copy of a weight". */
  readonly what: string;
  readonly shape: Shape;
  readonly bytes: number;
}

/**
 * What is alive when, and what the most of it is.
 *
 * @param roleOf   what an array is for
 * @param phaseOf  what a kernel is for
 */
export function memoryOf(
  { memory, steps }: Pick<Planned, "memory" | "steps">,
  roleOf: (buffer: Buffer) => Role,
  phaseOf: (kernel: Kernel) => Phase,
): ProgramMemory {
  const kernels = [...memory.launches];
  const times = new Map(launchesOf(steps).map((launch) => [launch.kernel, launch.times]));
  const alive = aliveAt(
    memory.pieces,
    kernels.map(([, number]) => number),
  );
  const timeline = kernels.map(([kernel], i): Moment => {
    const { layer } = layerOf(kernel.stores[0]?.buffer.holds?.origin);
    const work = workOfKernel(kernel, times.get(kernel) as number);
    return { kernel: kernel.name, layer, phase: phaseOf(kernel), liveBytes: alive[i], ...work };
  });
  const step = alive.indexOf(Math.max(...alive));
  const number = kernels[step]?.[1] ?? 0;
  const here = memory.pieces.filter(({ life }) => life.first <= number && number <= life.last);
  const terms = Object.fromEntries([...roles, "gaps"].map((role) => [role, 0])) as Record<Role | "gaps", number>;
  for (const { bytes, buffers } of here) terms[roleOf(buffers[0])] += bytes;
  terms.gaps = memory.bytes - here.reduce((sum, { bytes }) => sum + bytes, 0);
  const passing = here.filter(({ buffers }) => !["parameters", "optimizer"].includes(roleOf(buffers[0])));
  const largest = passing.sort((a, b) => b.bytes - a.bytes).slice(0, 2);
  const peak = { bytes: alive[step] ?? memory.bytes, step, terms, largest: largest.map(heldBy) };
  return { peakBytes: memory.bytes, timeline, peak };
}

/** Bytes that are alive at each of `numbers`, which ascend. */
function aliveAt(pieces: readonly Piece[], numbers: readonly number[]): number[] {
  const events = pieces
    .flatMap(({ bytes, life }) => [
      { at: life.first, bytes },
      { at: life.last + 1, bytes: -bytes },
    ])
    .sort((a, b) => a.at - b.at);
  let [next, total] = [0, 0];
  return numbers.map((number) => {
    for (; next < events.length && events[next].at <= number; next++) total += events[next].bytes;
    return total;
  });
}

function heldBy({ bytes, buffers }: Piece): Held {
  const [first] = buffers;
  if (buffers.length > 1) return { layer: "", what: "arrays of a block, for every thread", shape: [], bytes };
  return { ...describe(first), bytes };
}

/** An array in words. */
export function describe({ kind, holds: held, dtype, length }: Buffer): Held {
  const holds = held && copiedFrom(held);
  const { layer, name } = layerOf(holds?.origin);
  const bytes = length * bytesOf[dtype];
  const shape = holds?.shape ?? [length];
  if (!holds) return { layer, what: "copy for a product", shape, bytes };
  if (holds.is("parameter")) return { layer, what: holds.attrs.parameter.name, shape, bytes };
  if (holds.is("input")) return { layer, what: holds.attrs.name, shape, bytes };
  return { layer, what: kind === "output" ? "result" : name || holds.op, shape, bytes };
}
