import type { Phase, ProgramMemory } from "./memory.ts";

/** Bytes that kernels read and write in a step, every element once a kernel, by what the kernels are for. */
export type Traffic = { readonly [P in Phase]: number };

export function trafficOf({ timeline }: ProgramMemory): Traffic {
  const total = { forward: 0, backward: 0, update: 0 };
  for (const { phase, bytes, times } of timeline) total[phase] += bytes * times;
  return total;
}
