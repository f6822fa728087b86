import { textWindow } from "./text.ts";
import type { Part } from "./text-model.ts";

/**
 * Cross entropy, nats to a character, of models that only count: how often each character came after the `order`
 * characters before it. One that never did is mixed in from the next shorter order, so that its chance is not 0 (Witten
 * & Bell, IEEE Trans. Inf. Theory 37, 1085, 1991).
 *
 * @param codes   the text
 * @param train   what is counted
 * @param places  where the windows begin whose characters, but for the first, are foretold
 */
export function countingLoss(
  codes: Int32Array,
  characters: number,
  train: Part,
  places: readonly number[],
  order: number,
): number {
  const levels = Array.from({ length: order + 1 }, (_, n) => count(codes, characters, train, n));
  const chance = (at: number) => {
    let p = 1 / characters;
    for (const [n, contexts] of levels.entries()) {
      const seen = contexts.get(context(codes, characters, at, n));
      if (!seen) break;
      const kinds = seen.after.size;
      p = ((seen.after.get(codes[at]) ?? 0) + kinds * p) / (seen.total + kinds);
    }
    return p;
  };
  const targets = places.flatMap((place) => Array.from({ length: textWindow }, (_, i) => place + 1 + i));
  return targets.reduce((sum, at) => sum - Math.log(chance(at)), 0) / targets.length;
}

interface Seen {
  readonly after: Map<number, number>;
  total: number;
}

/** What came after every context of n characters. */
function count(codes: Int32Array, characters: number, { from, to }: Part, n: number): Map<number, Seen> {
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
