import { PondusError } from "../../graph/errors.ts";

/**
 * Numbers that a user typed: "1,2.5" is [1, 2.5].
 *
 * @throws `predict.input` when a part is none
 */
export function typedNumbers(text: string): number[] {
  const values = numbersIn(text);
  if (values) return values;
  throw new PondusError("predict.input", `predict: expected numbers such as 20 or 1,2.5, but "${text}" came.`);
}

/** The same, undefined for what is no numbers. */
export function numbersIn(text: string): number[] | undefined {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  return values.every(Number.isFinite) ? values : undefined;
}
