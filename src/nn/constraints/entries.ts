import { indexAt } from "../../graph/constraint.ts";
import { PondusError } from "../../graph/errors.ts";
import { formatShape, type Shape, sizeOf } from "../../graph/shape.ts";

/** The position of an entry along each axis: `[row, column]`. Negative ones count from the end. */
export type EntryIndex = readonly number[];

/** Some entries of a weight: all of them, those of a list, or those for which a function says yes. */
export type Entries = "all" | readonly EntryIndex[] | ((index: number[], shape: Shape) => boolean);

/** The row-major positions of some entries. Throws `constraint.entry` for one that the weight does not have. */
export function entriesOf(doing: string, shape: Shape, entries: Entries): number[] {
  const all = Array.from({ length: sizeOf(shape) }, (_, i) => i);
  if (entries === "all") return all;
  if (typeof entries === "function") return all.filter((i) => entries(indexAt(shape, i), shape));
  if (!Array.isArray(entries)) {
    throw new PondusError(
      "constraint.entry",
      `${doing}: entries are a list such as [[0, 3], [1, 3]], a function of an entry's index, or "all", but ` +
        `${JSON.stringify(entries)} came.`,
    );
  }
  return (entries as readonly EntryIndex[]).map((index) => positionOf(doing, shape, index));
}

function positionOf(doing: string, shape: Shape, index: EntryIndex): number {
  const given = Array.isArray(index) ? index : [];
  const normal = given.map((i, axis) => (i < 0 ? i + shape[axis] : i));
  const fits =
    normal.length === shape.length && normal.every((i, axis) => Number.isInteger(i) && i >= 0 && i < shape[axis]);
  if (Array.isArray(index) && fits) return normal.reduce((at, i, axis) => at * shape[axis] + i, 0);
  throw new PondusError(
    "constraint.entry",
    `${doing}: a weight ${formatShape(shape)} has no entry ${JSON.stringify(index)}; an entry is a list of ` +
      `${shape.length} whole ${shape.length === 1 ? "number" : "numbers"}, each below its axis' size.`,
  );
}
