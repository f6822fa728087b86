import type { Guard } from "../ir/kernel.ts";
import { type Affine, add, type Index, scaled, scaleOf } from "../ir/loop.ts";

/** How many iterations the loop of each counter takes: a counter runs from 0 to one less. */
export type Lengths = ReadonlyMap<Index, number>;

/**
 * The least and the largest that an affine expression can be while counters run and all guards hold. No guess: what comes out
 * is never too narrow, and as narrow as guards and counters make it where guards share few counters.
 *
 * A guard from <= g < to bounds any multiple of g, so a = c g + (a - c g) is at most c's part of that bound and what the
 * rest is at most. The c worth trying are those that take a counter out of the rest.
 */
export function boundsOf(a: Affine, lengths: Lengths, guards: readonly Guard[]): { low: number; high: number } {
  return { low: -atMost(scaled(a, -1), lengths, guards), high: atMost(a, lengths, guards) };
}

function atMost(a: Affine, lengths: Lengths, guards: readonly Guard[]): number {
  let best = overAll(a, lengths);
  guards.forEach((guard, k) => {
    const others = guards.filter((_, i) => i > k);
    for (const { index, scale } of guard.at.terms) {
      const c = scaleOf(a, index) / scale;
      if (c === 0) continue;
      const rest = add(a, scaled(guard.at, -c));
      const without = { offset: rest.offset, terms: rest.terms.filter((t) => t.index !== index) };
      best = Math.min(best, c * (c > 0 ? guard.to - 1 : guard.from) + atMost(without, lengths, others));
    }
  });
  return best;
}

/** The largest value while counters run, whatever guards say. */
function overAll({ offset, terms }: Affine, lengths: Lengths): number {
  let sum = offset;
  for (const { index, scale } of terms) if (scale > 0) sum += scale * ((lengths.get(index) as number) - 1);
  return sum;
}
