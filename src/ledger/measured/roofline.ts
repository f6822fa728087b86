import type { Ceilings } from "./ceilings.ts";

/** What a kernel does when it is called. */
export interface Work {
  readonly flops: number;
  /** Whether most of it is multiplying and adding. */
  readonly isProduct: boolean;
  /** Of a product's operations, those that are done to its results (default 0). */
  readonly elementwise?: number;
  /** How many of the operations are divisions or roots, which take a processor much longer (default 0). */
  readonly divisions?: number;
  readonly dtype: "float32" | "float64";
  /** Read and written. */
  readonly bytes: number;
  /** How often a run calls it (default 1). */
  readonly times?: number;
}

/** A kernel of less is done by one thread: to share it takes about as long. */
const worthSharing = 4e-6;

/** Seconds that a kernel's arithmetic takes. */
function arithmetic({ flops, isProduct, elementwise = 0, divisions = 0, dtype }: Work, reached: Ceilings): number {
  const single = isProduct ? elementwise : flops;
  const [multiplied, rest] = [flops - single, Math.max(0, single - divisions)];
  return (
    multiplied / reached.products[dtype] + rest / reached.elementwise[dtype] + divisions / reached.divisions[dtype]
  );
}

/**
 * Seconds that one run takes on a machine that does nothing else: by roofline (Williams, Waterman & Patterson, CACM 52(4),
 * 2009), each kernel takes as long as its arithmetic or its memory, whichever is longer.
 *
 * @param work        all kernels
 * @param arenaBytes  the program's memory, which says in what cache it lies
 */
export function predictSeconds(work: readonly Work[], arenaBytes: number, ceilings: Ceilings): number {
  const { threads, launch, run } = ceilings;
  const bandwidth = bandwidthFor(arenaBytes, ceilings.bandwidth);
  return work.reduce((sum, kernel) => {
    const { bytes, times = 1 } = kernel;
    const together = Math.max(arithmetic(kernel, ceilings), bytes / bandwidth);
    const alone = together * threads;
    return sum + times * (launch + (alone < worthSharing ? alone : together));
  }, run);
}

/** Between two measured sizes the rate falls by the same factor for every doubling. */
function bandwidthFor(arena: number, measured: Ceilings["bandwidth"]): number {
  const next = measured.findIndex((m) => m.arena >= arena);
  if (next <= 0) return (next === 0 ? measured[0] : measured[measured.length - 1]).rate;
  const [a, b] = [measured[next - 1], measured[next]];
  const share = Math.log(arena / a.arena) / Math.log(b.arena / a.arena);
  return a.rate * (b.rate / a.rate) ** share;
}
