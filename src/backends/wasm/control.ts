/**
 * Where the threads of a run meet: words behind the program's arena, each that threads write to on a line of its own.
 * The numbers count int32 words from the block's begin.
 */
export const control = {
  /** Counts launches, and the run's end: threads sleep on it. */
  number: 0,
  sleeping: 32,
  /** Parts that are done; the leader may sleep on it. */
  done: 64,
  waiting: 96,
  /** The launch: a function's number, and into how many parts it is cut. */
  routine: 128,
  parts: 129,
  /** Runs that are asked for and not over. */
  running: 160,
  /** Threads that have come to help. */
  helping: 161,
  /** Set once a part fails. */
  failed: 192,
  /** A queue for each thread, `line` words apart: the first part that is not taken, and above 16 bits their end. */
  lanes: 224,
  line: 32,
  /** What the launch passes to its routine. */
  counters: 224 + 32 * 256,
} as const;

/** As many as there are lanes. */
export const mostThreads = 256;

/** The block's begin, behind an arena of so many bytes. */
export function controlAfter(bytes: number): number {
  return 128 * Math.ceil(bytes / 128);
}

/** Where a launch's counters lie, behind an arena of so many bytes. */
export function countersAfter(bytes: number): number {
  return controlAfter(bytes) + 4 * control.counters;
}
