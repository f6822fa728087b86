import type { DType } from "./dtype.ts";
import { PondusError } from "./errors.ts";
import { inward, rounded } from "./round.ts";
import { formatShape, type Shape, sizeOf } from "./shape.ts";

/**
 * What is known of the entries of a weight before any of them has a value: each belongs to a group, whose entries are one
 * and the same number; a group is free, with bounds, or frozen. Ties, frozen entries and bounds are edits of this form,
 * so that any composition of them has it too.
 */
export interface Constraint {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Each entry's group, row-major. Groups are numbered in the order of their first entries. */
  readonly groupOf: Int32Array;
  readonly groups: readonly Group[];
}

/** Bounds are numbers of the weight's type, rounded inwards; infinite where there is none. */
export interface Group {
  readonly lower: number;
  readonly upper: number;
  readonly frozen?: Frozen;
}

export interface Frozen {
  /** NaN for what is yet to be drawn. */
  readonly value: number;
  /** Whether the value was stated, or is what the entry had, or what it was drawn as, and will be whenever it is drawn. */
  readonly from: "given" | "kept" | "drawn";
}

const free: Group = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };

/** Every entry a knob of its own. */
export function unconstrained(shape: Shape, dtype: DType): Constraint {
  const size = sizeOf(shape);
  return { shape, dtype, groupOf: Int32Array.from({ length: size }, (_, i) => i), groups: new Array(size).fill(free) };
}

/**
 * Entries with equal keys become one number, and so do all that were tied to them before.
 *
 * @param keys  one for each entry; a negative one leaves its entry as it is
 * @throws `constraint.bounds` when what is tied has no common interval, `constraint.frozen` when it is frozen at two values
 */
export function tied(c: Constraint, keys: Int32Array): Constraint {
  const above = Int32Array.from(c.groups, (_, i) => i);
  const groups = [...c.groups];
  const rootOf = (group: number): number => {
    let root = group;
    while (above[root] !== root) root = above[root];
    for (let g = group; g !== root; ) [g, above[g]] = [above[g], root];
    return root;
  };
  const first = new Map<number, number>();
  for (let entry = 0; entry < keys.length; entry++) {
    if (keys[entry] < 0) continue;
    const earlier = first.get(keys[entry]);
    if (earlier === undefined) {
      first.set(keys[entry], entry);
      continue;
    }
    const [a, b] = [rootOf(c.groupOf[earlier]), rootOf(c.groupOf[entry])];
    if (a === b) continue;
    const what = `tying entries ${entryName(c.shape, earlier)} and ${entryName(c.shape, entry)}`;
    const [kept, gone] = a < b ? [a, b] : [b, a];
    groups[kept] = meet(groups[kept], groups[gone], what);
    above[gone] = kept;
  }
  return renumbered(c, c.groupOf.map(rootOf), groups);
}

/**
 * The groups of some entries frozen.
 *
 * @param frozen  says at which value, of an entry and its group
 * @throws `constraint.frozen` when a group is frozen at another value already, `constraint.value` when its bounds do not
 *         hold the value or it is no number
 */
export function frozenAt(
  c: Constraint,
  entries: Iterable<number>,
  frozen: (entry: number, group: Group) => Frozen,
): Constraint {
  return edited(c, entries, "freezing", (entry, group) => {
    const { value, from } = frozen(entry, group);
    // A negative zero becomes zero.
    const kept = rounded(value, c.dtype) + 0;
    if (from !== "drawn" && !Number.isFinite(kept)) {
      const why = Number.isFinite(value) ? `, which ${c.dtype} cannot hold` : "";
      throw new PondusError(
        "constraint.value",
        `freeze: entry ${entryName(c.shape, entry)} cannot be frozen at ${value}${why}.`,
      );
    }
    return { ...free, frozen: { value: kept, from } };
  });
}

/**
 * The groups of some entries held to an interval, together with the bounds that they have.
 *
 * @throws `constraint.bounds` when no number is left, `constraint.value` when a frozen one lies outside
 */
export function bounded(c: Constraint, entries: Iterable<number>, lower: number, upper: number): Constraint {
  if (!(lower <= upper) || lower === Number.POSITIVE_INFINITY || upper === Number.NEGATIVE_INFINITY) {
    throw new PondusError(
      "constraint.bounds",
      `bound: no number lies in [${lower}, ${upper}]; give the lower end first.`,
    );
  }
  const bounds: Group =
    lower === upper
      ? { lower: rounded(lower, c.dtype), upper: rounded(upper, c.dtype) }
      : { lower: inward(lower, c.dtype, 1), upper: inward(upper, c.dtype, -1) };
  return edited(c, entries, "bounding", () => bounds);
}

/** Where each entry's number stands among the free ones, in the order of their groups, followed by the frozen ones. */
export interface Numbering {
  /** The groups that are free, and those that are frozen. */
  readonly free: readonly number[];
  readonly frozen: readonly number[];
  readonly index: Int32Array;
}

export function numberingOf({ groups, groupOf }: Constraint): Numbering {
  const all = groups.map((_, i) => i);
  const [freeOnes, frozen] = [all.filter((g) => !groups[g].frozen), all.filter((g) => groups[g].frozen)];
  const place = new Int32Array(groups.length);
  [...freeOnes, ...frozen].forEach((group, i) => {
    place[group] = i;
  });
  return { free: freeOnes, frozen, index: groupOf.map((g) => place[g]) };
}

/** An entry as a person names it: `[3, 0]`. */
export function entryName(shape: Shape, entry: number): string {
  return `[${indexAt(shape, entry).join(", ")}]`;
}

/** The position along each axis of a row-major entry. */
export function indexAt(shape: Shape, entry: number): number[] {
  let rest = entry;
  return shape
    .toReversed()
    .map((n) => {
      const i = rest % n;
      rest = (rest - i) / n;
      return i;
    })
    .reverse();
}

/** The first difference of two constraints, in words; undefined when they are equal but for values that are not given. */
export function difference(a: Constraint, b: Constraint): string | undefined {
  if (formatShape(a.shape) !== formatShape(b.shape))
    return `shape ${formatShape(a.shape)}, not ${formatShape(b.shape)}`;
  const name = (entry: number) => `entry ${entryName(a.shape, entry)}`;
  const odd = a.groupOf.findIndex((g, entry) => g !== b.groupOf[entry]);
  if (odd >= 0) {
    const tiedIn = (c: Constraint) => {
      const first = c.groupOf.indexOf(c.groupOf[odd]);
      return first < odd ? `tied to ${entryName(a.shape, first)}` : "a number of its own";
    };
    return `${name(odd)} ${tiedIn(a)}, not ${tiedIn(b)}`;
  }
  for (let entry = 0; entry < a.groupOf.length; entry++) {
    const [x, y] = [a.groups[a.groupOf[entry]], b.groups[b.groupOf[entry]]];
    const [mine, other] = [describeGroup(x), describeGroup(y)];
    if (mine !== other) return `${name(entry)} ${mine}, not ${other}`;
  }
  return undefined;
}

function describeGroup({ lower, upper, frozen }: Group): string {
  if (frozen) return frozen.from === "given" ? `frozen at ${frozen.value}` : "frozen";
  return lower === free.lower && upper === free.upper ? "free" : `in [${lower}, ${upper}]`;
}

function edited(
  c: Constraint,
  entries: Iterable<number>,
  doing: string,
  edit: (entry: number, group: Group) => Group,
): Constraint {
  const groups = [...c.groups];
  for (const entry of entries) {
    const g = c.groupOf[entry];
    groups[g] = meet(groups[g], edit(entry, groups[g]), `${doing} entry ${entryName(c.shape, entry)}`);
  }
  return { ...c, groups };
}

/** What holds of one number when both hold of it. */
function meet(a: Group, b: Group, doing: string): Group {
  const lower = Math.max(a.lower, b.lower);
  const upper = Math.min(a.upper, b.upper);
  if (lower > upper) {
    throw new PondusError(
      "constraint.bounds",
      `${doing}: no number lies both in [${a.lower}, ${a.upper}] and in [${b.lower}, ${b.upper}].`,
    );
  }
  const both = meetFrozen(a.frozen, b.frozen, doing);
  if (!both) return lower === upper ? { lower, upper, frozen: { value: lower, from: "given" } } : { lower, upper };
  const inside = Math.min(Math.max(both.value, lower), upper);
  if (inside !== both.value && both.from !== "drawn") {
    throw new PondusError(
      "constraint.value",
      `${doing}: it is frozen at ${both.value}, outside [${lower}, ${upper}]; widen the interval, or freeze it inside.`,
    );
  }
  return { lower, upper, frozen: { ...both, value: inside } };
}

/** A value that was drawn gives way to one that was given. */
function meetFrozen(a: Frozen | undefined, b: Frozen | undefined, doing: string): Frozen | undefined {
  if (!a || !b) return a ?? b;
  if (a.from === "drawn") return b.from === "drawn" ? a : b;
  if (b.from === "drawn") return a;
  if (a.value === b.value) return a.from === "given" ? a : b;
  throw new PondusError(
    "constraint.frozen",
    `${doing}: one number cannot be frozen at ${a.value} and at ${b.value}; leave one of them free, or give both one value.`,
  );
}

function renumbered(c: Constraint, groupOf: Int32Array, groups: readonly Group[]): Constraint {
  const numbers = new Map<number, number>();
  const kept: Group[] = [];
  const fresh = groupOf.map((group) => {
    let number = numbers.get(group);
    if (number === undefined) {
      number = kept.push(groups[group]) - 1;
      numbers.set(group, number);
    }
    return number;
  });
  return { ...c, groupOf: fresh, groups: kept };
}
