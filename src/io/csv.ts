import { closest, distance } from "fastest-levenshtein";
import Papa from "papaparse";
import { PondusError } from "../graph/errors.ts";
import { type Read, type Source, withBytes } from "./source.ts";
import { textOf } from "./text.ts";

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
 * @param source  a path or bytes, whose table is returned at once; of a Blob, a Response or `fetch(url)` a promise of it is
 * @throws `file.*`, `source.*`, and what `parseCsv` throws
 */
export function readCsv<S extends Source>(source: S): Read<S, Table> {
  return withBytes(source, (bytes, name) => parseCsv(textOf(bytes, name), name));
}

/**
 * The same from text.
 *
 * @param name  what errors call it
 * @throws `file.empty`, `csv.header`, `csv.fields`, `csv.quotes`
 */
export function parseCsv(text: string, name = "the text"): Table {
  const rows: Row[] = [];
  let seen = 0;
  let line = 1;
  Papa.parse<string[]>(text, {
    comments: "#",
    skipEmptyLines: "greedy",
    step: ({ data, errors, meta }) => {
      for (; seen < meta.cursor; seen++) if (breaksLine(text, seen)) line++;
      const ends = breaksLine(text, meta.cursor - 1) ? line - 1 : line;
      const quotes = errors.find((e) => e.type === "Quotes");
      if (quotes) throw new PondusError("csv.quotes", `${name}:${ends}: ${quotes.message.toLowerCase()}.`);
      rows.push({ line: ends, cells: data.map((cell) => cell.trim()) });
    },
  });
  if (rows.length === 0) {
    throw new PondusError(
      "file.empty",
      `${name}: the file is empty; a line of column names and rows of numbers belong in it.`,
    );
  }
  const [header, ...body] = withoutEmptyColumns(rows);
  checkHeader(header, name);
  if (body.length === 0) {
    throw new PondusError("file.empty", `${name}: there is a header (${header.cells.join(", ")}) but no row below it.`);
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

/** A line ends in "\n", "\r\n" or, on an old Macintosh, "\r". */
function breaksLine(text: string, at: number): boolean {
  return text[at] === "\n" || (text[at] === "\r" && text[at + 1] !== "\n");
}

/** A comma at the end of every line makes a column without name and numbers: nothing was meant by it. */
function withoutEmptyColumns(rows: readonly Row[]): readonly Row[] {
  let width = rows[0].cells.length;
  while (width > 1 && rows.every(({ cells }) => cells.length <= width && !cells[width - 1])) width--;
  return rows.map((row) => ({
    ...row,
    cells: row.cells.slice(0, Math.max(width, row.cells.findLastIndex(Boolean) + 1)),
  }));
}

function checkHeader({ line, cells }: Row, name: string): void {
  if (cells.every((cell) => cell !== "" && Number.isFinite(Number(cell)))) {
    throw new PondusError(
      "csv.header",
      `${name}:${line}: the first line should name the columns, but it holds numbers: ${cells.join(", ")}. ` +
        "Put a line such as `time,count` above it.",
    );
  }
  const nameless = cells.indexOf("");
  if (nameless >= 0) {
    const shown = cells.map((cell) => cell || '""').join(", ");
    throw new PondusError(
      "csv.header",
      `${name}:${line}: column ${nameless + 1} has no name (${shown}); give it one, or delete it.`,
    );
  }
  const twice = cells.find((cell, i) => cells.indexOf(cell) !== i);
  if (twice !== undefined) {
    throw new PondusError("csv.header", `${name}:${line}: two columns are named "${twice}"; give each its own name.`);
  }
}

const asName = (name: string) => (name.includes(",") ? `"${name}"` : name);

/**
 * A column as numbers.
 *
 * @throws `csv.column` (no such column; says which there are), `csv.missing` (an empty cell), `csv.number` (text or
 *         infinity where a number belongs)
 * @param hint  added to what is said of text, such as how to choose other columns
 */
export function numbers(table: Table, column: string, hint = ""): Column {
  const at = table.columns.indexOf(column);
  if (at < 0) {
    const nearest = closest(column, [...table.columns]);
    const near = distance(column, nearest) <= Math.max(1, nearest.length / 2);
    throw new PondusError(
      "csv.column",
      `${table.name}: there is no column "${column}"${near ? `; did you mean "${nearest}"?` : "."} ` +
        `The columns are: ${table.columns.map(asName).join(", ")}.`,
    );
  }
  const values = table.rows.map(({ line, cells }) =>
    numberOf(cells[at] ?? "", `${table.name}:${line}: column "${column}"`, hint),
  );
  return { name: column, values: Float64Array.from(values), lines: table.rows.map((row) => row.line) };
}

const absent = new Set(["", "na", "n/a", "nan", "null", "none", "-", "?", "."]);

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const thousands = /^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$/;

function numberOf(text: string, where: string, hint: string): number {
  if (absent.has(text.toLowerCase())) {
    const shown = text === "" ? "the cell is empty" : `"${text}" came`;
    throw new PondusError("csv.missing", `${where}: a value is missing (${shown}); fill it in or delete the row.`);
  }
  const value = Number(text);
  if (decimal.test(text) && Number.isFinite(value)) return value;
  throw new PondusError("csv.number", `${where}: expected a number, but "${text}" came${mending(text) || hint}.`);
}

/** How to mend what nearly is a number. */
function mending(text: string): string {
  if (thousands.test(text)) return `; write it without commas: ${text.replaceAll(",", "")}`;
  if (/^[+-]?\d+,\d+$/.test(text)) return `; write a decimal point: ${text.replace(",", ".")}`;
  if (/^\d{4}-\d\d/.test(text)) return "; write a date as a number, such as days since the first";
  if (decimal.test(text)) return ", which is too large for one";
  return "";
}
