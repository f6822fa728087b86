import { PondusError } from "../../graph/errors.ts";
import type { Column, Table } from "../../io/csv.ts";

/** @throws `data.order` at the first row that does not come after the one before it */
export function checkRising(table: Table, { name, values, lines }: Column): void {
  const at = values.findIndex((t, i) => i > 0 && !(t > values[i - 1]));
  if (at < 0) return;
  throw new PondusError(
    "data.order",
    `${table.name}:${lines[at]}: column "${name}": times must rise, but ${values[at]} comes after ${values[at - 1]} ` +
      `(line ${lines[at - 1]}); sort the rows by time, and keep one of each.`,
  );
}
