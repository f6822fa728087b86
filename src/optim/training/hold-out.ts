import { PondusError } from "../../graph/errors.ts";
import { Stream } from "../../graph/random/stream.ts";

/** Which rows to keep back: one in so many at even distances, or a share of them drawn by chance. */
export type HoldOut = { readonly every: number } | { readonly fraction: number; readonly seed?: number };

/**
 * Parts rows into those to train on and those to validate with, both in their order; the same at each call.
 *
 * `{ every: 4 }` holds out every fourth row between the first and the last, which a curve through them is asked about:
 * right for rows in order, such as measurements over time. `{ fraction: 0.2, seed: 1 }` draws a fifth by chance (seed
 * default 0): right for rows without an order. Neither is right where neighbours are copies of each other, such as frames
 * of one film: hold out whole films there.
 *
 * @throws `holdOut.rows` when a part would be empty, `holdOut.option`
 */
export function holdOut<T>(rows: ArrayLike<T>, which: HoldOut): { readonly train: T[]; readonly validation: T[] } {
  const held = "every" in which ? evenly(rows.length, which.every) : drawn(rows.length, which.fraction, which.seed);
  const train = Array.from(rows).filter((_, i) => !held.has(i));
  const validation = Array.from(rows).filter((_, i) => held.has(i));
  if (train.length > 0 && validation.length > 0) return { train, validation };
  throw new PondusError(
    "holdOut.rows",
    `holdOut: ${rows.length} rows leave ${train.length} to train on and ${validation.length} to validate with, but each ` +
      "needs at least one; give more rows, or hold out another share.",
  );
}

function evenly(count: number, every: number): Set<number> {
  if (!Number.isSafeInteger(every) || every < 2) {
    throw new PondusError("holdOut.option", `holdOut: every must be a whole number from 2, but ${every} came.`);
  }
  const held = new Set<number>();
  for (let i = every; i < count - 1; i += every) held.add(i);
  return held;
}

/** The first of them in an order that is drawn by chance (Fisher & Yates 1938). */
function drawn(count: number, fraction: number, seed = 0): Set<number> {
  if (!(fraction > 0 && fraction < 1)) {
    throw new PondusError("holdOut.option", `holdOut: fraction must lie between 0 and 1, but ${fraction} came.`);
  }
  const random = new Stream(seed, "holdOut");
  const order = Array.from({ length: count }, (_, i) => i);
  const wanted = Math.round(fraction * count);
  for (let i = 0; i < wanted; i++) {
    const j = i + random.below(count - i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return new Set(order.slice(0, wanted));
}
