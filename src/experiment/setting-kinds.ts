import Papa from "papaparse";
import type { ErrorCode } from "../graph/error-codes.ts";
import { PondusError } from "../graph/errors.ts";

/** Which values a setting may have, wherever they come from: the command line, code, a page, or run.json. */
export interface Kind<T> {
  /** Completes "steps must be ...". */
  readonly wanted: string;
  /** All values, where they can be listed. */
  readonly choices?: readonly string[];
  accepts(value: unknown): value is T;
  /** The value that a text on the command line stands for, accepted or not. */
  read(text: string): unknown;
}

/** A text that is no number stays what it is, so that an error can show it. */
const readNumber = (text: string) => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));

/** Whole numbers from `least` to `most`. */
export const whole = (least: number, most = Number.POSITIVE_INFINITY): Kind<number> => ({
  wanted: `a whole number from ${least}${most < Number.POSITIVE_INFINITY ? ` to ${most.toLocaleString("en-US")}` : ""}`,
  accepts: (x): x is number => Number.isSafeInteger(x) && (x as number) >= least && (x as number) <= most,
  read: readNumber,
});

export const positive: Kind<number> = {
  wanted: "a number above 0",
  accepts: (x): x is number => Number.isFinite(x) && (x as number) > 0,
  read: readNumber,
};

/** A switch: on the command line it stands alone. */
export const truth: Kind<boolean> = {
  wanted: "true or false",
  accepts: (x): x is boolean => typeof x === "boolean",
  read: () => true,
};

const isName = (x: unknown): x is string => typeof x === "string" && x.trim() !== "";

export const name: Kind<string> = { wanted: "a name", accepts: isName, read: (text) => text };

/** On the command line they stand as in one line of a CSV file, so that a name in quotes may hold a comma. */
export const names: Kind<readonly string[]> = {
  wanted: "a list of names",
  accepts: (x): x is readonly string[] => Array.isArray(x) && x.length > 0 && x.every(isName),
  read: (text) => (Papa.parse<string[]>(text, { delimiter: "," }).data[0] ?? []).map((part) => part.trim()),
};

export const oneOf = <T extends string>(choices: readonly T[]): Kind<T> => ({
  wanted: `one of ${choices.join(", ")}`,
  choices,
  accepts: (x): x is T => choices.includes(x as T),
  read: (text) => text,
});

/** What came in, and how an error speaks of it. */
export interface Given {
  /** As the one who gave it knows it: "--steps", "train: steps". */
  readonly called: string;
  readonly code: ErrorCode;
}

/**
 * The value, if it is of its kind.
 *
 * @throws the given code otherwise
 */
export function checked<T>(kind: Kind<T>, value: unknown, { called, code }: Given): T {
  if (kind.accepts(value)) return value;
  const came = value === undefined ? "it is missing" : `${shown(value)} came`;
  throw new PondusError(code, `${called} must be ${kind.wanted}, but ${came}.`);
}

function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  return typeof value === "number" || typeof value === "bigint" ? String(value) : JSON.stringify(value);
}
