import type { Index } from "../../../compiler/ir/loop.ts";
import type { FunctionWriter } from "../module/writer.ts";

/** How threads share a function: by calling it under its number, each for a part of its iterations (see `partParams`). */
export interface Sharing {
  readonly number: number;
  /** Where the counters lie that the launch passes to it. */
  readonly counters: number;
}

/** The parameter that holds the thread's number. */
export const thread = 2;

/** Pushes the first iteration of the part whose function is being written, or of the part after it. */
export function pushEdge(writer: FunctionWriter, iterations: number, after: 0 | 1): void {
  writer.emit("local.get", 0);
  if (after) {
    writer.emit("i32.const", after);
    writer.emit("i32.add");
  }
  writer.emit("i64.extend_i32_s");
  writer.emit("i64.const", iterations);
  writer.emit("i64.mul");
  writer.emit("local.get", 1);
  writer.emit("i64.extend_i32_s");
  writer.emit("i64.div_s");
  writer.emit("i32.wrap_i64");
}

/** The locals of counters that a launch passes, read before everything else. */
export function passedCounters(
  writer: FunctionWriter,
  indices: readonly Index[],
  { counters }: Sharing,
): Map<Index, number> {
  return new Map(
    indices.map((index, k) => {
      const local = writer.fresh("i32");
      writer.atEntry(() => {
        writer.emit("i32.const", 0);
        writer.emit("i32.load", counters + 4 * k);
        writer.emit("local.set", local);
      });
      return [index, local];
    }),
  );
}
