import { textWindow } from "./text.ts";
import type { Part } from "./text-model.ts";

/** For each number of characters before, from 0 on: by that context, what came after it. */
export type Counts = readonly ReadonlyMap<number, Seen>[];

/** Counts the part of a text that is to learn from, by up to `order` characters before. */
export function countText(codes: Int32Array, characters: number, train: Part, order: number): Counts {
  return Array.from({ length: order + 1 }, (_, n) => countLevel(codes, characters, train, n));
}

/** How many numbers these are: the knobs of a model that only counts. */
export function sizeOf(counts: Counts): number {
  return counts.reduce((sum, level) => [...level.values()].reduce((n, { after }) => n + after.size, sum), 0);
}

/**
 * Cross entropy, nats to a character, of a model that only counts. What never came after a context has the chance that the
 * next shorter one gives it, in the share in which that context had something new (Witten & Bell, IEEE Trans. Inf. Theory
 * 37, 1085, 1991). Like the networks it comes to each window without a memory.
 *
 * @param places  where the windows begin whose characters, but for the first, are foretold
 */
export function countingLoss(counts: Counts, codes: Int32Array, characters: number, places: readonly number[]): number {
  const chance = (at: number, known: number) => {
    let p = 1 / characters;
    for (const [n, level] of counts.slice(0, known + 1).entries()) {
      const seen = level.get(context(codes, characters, at, n));
      if (!seen) break;
      const kinds = seen.after.size;
      p = ((seen.after.get(codes[at]) ?? 0) + kinds * p) / (seen.total + kinds);
    }
    return p;
  };
  const each = places.flatMap((place) =>
    Array.from({ length: textWindow }, (_, i) => -Math.log(chance(place + 1 + i, i + 1))),
  );
  return each.reduce((sum, loss) => sum + loss, 0) / each.length;
}

interface Seen {
  readonly after: Map<number, number>;
  total: number;
}

/** What came after every context of n characters. */
function countLevel(codes: Int32Array, characters: number, { from, to }: Part, n: number): Map<number, Seen> {
  const contexts = new Map<number, Seen>();
  for (let at = from + n; at < to; at++) {
    const before = context(codes, characters, at, n);
    const seen = contexts.get(before) ?? { after: new Map(), total: 0 };
    contexts.set(before, seen);
    seen.after.set(codes[at], (seen.after.get(codes[at]) ?? 0) + 1);
    seen.total++;
  }
  return contexts;
}

/** The n characters before a place, as one number. */
function context(codes: Int32Array, characters: number, at: number, n: number): number {
  let number = 0;
  for (let i = at - n; i < at; i++) number = number * characters + codes[i];
  return number;
}
