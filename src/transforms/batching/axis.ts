/** Where an axis is in each operand of an op and in its result: a number, or undefined where that has none of it. */
export interface Along {
  /** Operands that the list does not reach do not matter. */
  readonly operands: Places;
  /** `sum` and `max` where the result is such a total over the axis. */
  readonly result: number | Total;
}

export type Places = readonly (number | undefined)[];

/** How totals of some entries make the one of all. */
export type Total = "sum" | "max";

/** An axis of one array that goes from one place to another; it is new where it comes from nowhere, and leaves where it goes nowhere. */
export interface Move {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** What happens to an axis in all operands of an op and in its result. */
export interface Moves {
  readonly operands: readonly Move[];
  readonly result: Move;
  /** How long the axis is afterwards. */
  readonly size: number;
}

/** The number that an axis has when another, or itself, has moved. */
export function renumbered(axis: number, { from, to }: Move): number {
  if (axis === from) return to ?? axis;
  const left = from !== undefined && from < axis ? axis - 1 : axis;
  return to !== undefined && to <= left ? left + 1 : left;
}

/** A list with an entry for each axis, when one has moved, whose entry is now `entry`. */
export function relisted<T>(list: readonly T[], entry: T, { from, to }: Move): T[] {
  const others = list.filter((_, axis) => axis !== from);
  return to === undefined ? others : [...others.slice(0, to), entry, ...others.slice(to)];
}

const placeOf = (place: number | Total | undefined) => (typeof place === "number" ? place : undefined);

/** How an axis gets from where it is along an op to where it shall be; both may be nowhere. */
export function movesBetween(count: number, from: Along | undefined, to: Along | undefined, size: number): Moves {
  const move = (a: number | Total | undefined, b: number | Total | undefined) => ({ from: placeOf(a), to: placeOf(b) });
  return {
    operands: Array.from({ length: count }, (_, i) => move(from?.operands[i], to?.operands[i])),
    result: move(from?.result, to?.result),
    size,
  };
}
