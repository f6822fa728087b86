import { readTimeSeries } from "pondus/experiment";
import { numbers, parseCsv } from "pondus/io";
import { expect, test } from "vitest";

const columnOf = (text: string, name: string) => [...numbers(parseCsv(text, "my.csv"), name).values];

test.each([
  ["commas", "t,count\n0,1.5\n1,2e3\n"],
  ["semicolons", "t;count\n0;1.5\n1;2e3\n"],
  ["tabs", "t\tcount\n0\t1.5\n1\t2e3\n"],
  ["Windows line ends", "t,count\r\n0,1.5\r\n1,2e3\r\n"],
  ["spaces, quotes, no last line end", 't,"count"\n 0 , 1.5\n1,"2e3"'],
  ["line ends of an old Macintosh", "t,count\r0,1.5\r1,2e3\r"],
  ["a comma at the end of every line", "t,count,\n0,1.5,\n1,2e3,\n"],
  ["comments and blank lines", "# mine, not yours\n\nt,count\n0,1.5\n\n# late\n1,2e3\n\n"],
])("reads columns: %s", (_, text) => {
  expect(columnOf(text, "count")).toEqual([1.5, 2000]);
});

test("one column needs no delimiter", () => {
  expect(columnOf("count\n1\n2\n", "count")).toEqual([1, 2]);
});

test("every row knows its line", () => {
  const table = parseCsv('# one\n"a\nb",c\n\n1,2\n# five\n3,4\n', "my.csv");
  expect(table.rows.map((row) => row.line)).toEqual([5, 7]);
});

const wrong: [what: string, text: string, says: string][] = [
  ["an empty file", "", "my.csv: the file is empty"],
  ["only comments", "# nothing\n", "my.csv: the file is empty"],
  ["only a header", "t,count\n", "my.csv: there is a header (t, count) but no row below it."],
  ["no header", "0,1\n1,2\n", "my.csv:1: the first line should name the columns, but it holds numbers: 0, 1."],
  ["two columns of one name", "t,t\n0,1\n", 'my.csv:1: two columns are named "t"'],
  ["a missing value", "t,count\n0,1\n1,\n", 'my.csv:3: column "count": a value is missing (the cell is empty)'],
  ["a short row", "t,count\n0,1\n1\n", 'my.csv:3: column "count": a value is missing (the cell is empty)'],
  ["NA", "t,count\n0,1\n1,NA\n", 'my.csv:3: column "count": a value is missing ("NA" came)'],
  ["text", "# x\nt,count\n0,1\n\n1,lots\n", 'my.csv:5: column "count": expected a number, but "lots" came.'],
  ["infinity", "t,count\n0,Infinity\n", 'my.csv:2: column "count": expected a number, but "Infinity" came.'],
  ["a column without a name", "t,,count\n0,1,2\n", 'my.csv:1: column 2 has no name (t, "", count)'],
  ["a number that is too large", "t,count\n0,1e400\n", 'expected a number, but "1e400" came, which is too large'],
  ["hexadecimal", "t,count\n0,0x10\n", 'my.csv:2: column "count": expected a number, but "0x10" came.'],
  ["commas between thousands", 't,count\n0,"1,234"\n', '"1,234" came; write it without commas: 1234.'],
  ["a date", "t,count\n0,2020-01-02\n", "write a date as a number"],
  ["text on an old Macintosh", "t,count\r0,1\r1,x\r", 'my.csv:3: column "count"'],
  ["a decimal comma", "t;count\n0;1,5\n", '"1,5" came; write a decimal point: 1.5.'],
  ["too many fields", "t,count\n0,1,2\n", "my.csv:2: 3 fields came where the header names 2 columns (t, count)."],
  ["an open quote", 't,count\n0,"1\n', "my.csv:2: quoted field unterminated."],
];

test.each(wrong)("says what is wrong: %s", (_, text, says) => {
  expect(() => columnOf(text, "count")).toThrow(says);
});

test("an unknown column: the nearest, and all there are", () => {
  expect(() => columnOf("hours,count\n0,1\n", "cuont")).toThrow(
    'my.csv: there is no column "cuont"; did you mean "count"? The columns are: hours, count.',
  );
});

test("an unknown column that is near none", () => {
  expect(() => columnOf("t,n\n0,1\n", "hare")).toThrow('there is no column "hare". The columns are: t, n.');
});

const series = (text: string, columns = {}) => readTimeSeries(parseCsv(text, "my.csv"), columns);
const rows = "day,hare,lynx\n0,1,5\n1,2,6\n2,3,7\n4,4,8\n";

test("a time series: by name, or the first column and all the others", () => {
  expect(series(rows).time).toEqual({ name: "day", values: [0, 1, 2, 4] });
  expect(series(rows).states.map((s) => s.name)).toEqual(["hare", "lynx"]);
  expect(series(rows, { time: "hare", state: ["lynx"] })).toEqual({
    time: { name: "hare", values: [1, 2, 3, 4] },
    states: [{ name: "lynx", values: [5, 6, 7, 8] }],
  });
});

test.each([
  [
    "times that fall",
    "t,n\n0,1\n2,2\n# x\n1,3\n3,4\n",
    'my.csv:5: column "t": times must rise, but 1 comes after 2 (line 3)',
  ],
  ["a time twice", "t,n\n0,1\n1,2\n1,3\n3,4\n", 'my.csv:4: column "t": times must rise, but 1 stands twice (line 3)'],
  ["three rows", "t,n\n0,1\n1,2\n2,3\n", "my.csv: 3 rows of measurements came, and at least 4 are needed."],
  ["a state twice", "t,n\n0,1\n1,2\n2,3\n3,4\n", 'my.csv: column "n" is named twice', { state: ["n", "n"] }],
  ["text in a column nobody chose", "t,n,note\n0,1,a\n", '"a" came; choose the columns of the state with --state.'],
  ["no state", "t\n0\n1\n2\n3\n", 'my.csv: beside the time "t" there is no column for the state.'],
] as [string, string, string, object?][])("a time series refuses %s", (_, text, says, columns) => {
  expect(() => series(text, columns)).toThrow(says);
});
