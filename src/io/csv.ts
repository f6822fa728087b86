import { closest } from "fastest-levenshtein";
import Papa from "papaparse";
import { PondusError } from "../graph/errors.ts";
import { readText } from "./read.ts";

/** A table of text with a header, read by columns. `name` is what errors call the file. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export interface Row {
  /** Where the row ends in the file, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** One column as numbers, with the line that each came from. */
export interface Column {
  readonly name: string;
  readonly values: Float64Array;
  readonly lines: readonly number[];
}

/**
 * Reads a CSV file: a header line, then rows. The delimiter is found out; blank lines and lines that begin with `#` are
 * skipped.
 *
 * @throws `file.*`, and what `parseCsv` throws
 */
export function readCsv(path: string): Table {
  return parseCsv(readText(path), path);
}

/**
 * The same from text.
 *
 * @throws `csv.empty`, `csv.header`, `csv.fields`, `csv.quotes`
 */
export function parseCsv(text: string, name: string): Table {
  const rows: Row[] = [];
  let seen = 0;
  let line = 1;
  Papa.parse<string[]>(text, {
    comments: "#",
    skipEmptyLines: "greedy",
    step: ({ data, errors, meta }) => {
      for (; seen < meta.cursor; seen++) if (text[seen] === "\n") line++;
      const ends = text[meta.cursor - 1] === "\n" ? line - 1 : line;
      const quotes = errors.find((e) => e.type === "Quotes");
      if (quotes) throw new PondusError("csv.quotes", `${name}:${ends}: ${quotes.message.toLowerCase()}.`);
      rows.push({ line: ends, cells: data.map((cell) => cell.trim()) });
    },
  });
  const [header, ...body] = rows;
  if (!header) {
    throw new PondusError(
      "csv.empty",
      `${name}: the file is empty; a line of column names and rows of numbers belong in it.`,
    );
  }
  checkHeader(header, name);
  if (body.length === 0) {
    throw new PondusError("csv.empty", `${name}: there is a header (${header.cells.join(", ")}) but no row below it.`);
  }
  for (const { line, cells } of body) {
    if (cells.length > header.cells.length) {
      throw new PondusError(
        "csv.fields",
        `${name}:${line}: ${cells.length} fields came where the header names ${header.cells.length} columns ` +
          `(${header.cells.join(", ")}).`,
      );
    }
  }
  return { name, columns: header.cells, rows: body };
}

function checkHeader({ line, cells }: Row, name: string): void {
  if (cells.every((cell) => cell !== "" && Number.isFinite(Number(cell)))) {
    throw new PondusError(
      "csv.header",
      `${name}:${line}: the first line should name the columns, but it holds numbers: ${cells.join(", ")}. ` +
        "Put a line such as `time,count` above it.",
    );
  }
  const twice = cells.find((cell, i) => cells.indexOf(cell) !== i);
  if (twice !== undefined) {
    throw new PondusError("csv.header", `${name}:${line}: two columns are named "${twice}"; give each its own name.`);
  }
}

/**
 * A column as numbers.
 *
 * @throws `csv.column` (no such column; says which there are), `csv.missing` (an empty cell), `csv.number` (text or
 *         infinity where a number belongs)
 */
export function numbers(table: Table, column: string): Column {
  const at = table.columns.indexOf(column);
  if (at < 0) {
    throw new PondusError(
      "csv.column",
      `${table.name}: there is no column "${column}"; did you mean "${closest(column, [...table.columns])}"? ` +
        `The columns are: ${table.columns.join(", ")}.`,
    );
  }
  const values = table.rows.map(({ line, cells }) =>
    numberOf(cells[at] ?? "", `${table.name}:${line}: column "${column}"`),
  );
  return { name: column, values: Float64Array.from(values), lines: table.rows.map((row) => row.line) };
}

const absent = new Set(["", "na", "n/a", "nan", "null", "none", "-", "?", "."]);

function numberOf(text: string, where: string): number {
  if (absent.has(text.toLowerCase())) {
    const shown = text === "" ? "the cell is empty" : `"${text}" came`;
    throw new PondusError("csv.missing", `${where}: a value is missing (${shown}); fill it in or delete the row.`);
  }
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  const hint = /^[+-]?\d+,\d+$/.test(text) ? `; write a decimal point: ${text.replace(",", ".")}` : "";
  throw new PondusError("csv.number", `${where}: expected a number, but "${text}" came${hint}.`);
}
