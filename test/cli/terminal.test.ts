import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { duration } from "../../src/cli/duration.ts";
import { ProgressLine } from "../../src/cli/progress-line.ts";
import { terminalMatrices } from "../../src/cli/terminal-matrices.ts";
import { terminalPlot } from "../../src/cli/terminal-plot.ts";
import { listOthers, tableLines } from "../../src/experiment/metric-table.ts";
import type { Plot } from "../../src/experiment/report/plot.ts";

/** What a terminal of so many columns would get. */
function screen(columns: number): { stream: NodeJS.WriteStream; written: string[] } {
  const written: string[] = [];
  const stream = { isTTY: true, columns, write: (text: string) => written.push(text) };
  return { stream: stream as unknown as NodeJS.WriteStream, written };
}

const progress = (step: number) => ({
  step,
  steps: 15_000,
  loss: 1.234e-5,
  stepsPerSecond: 12_345,
  secondsLeft: 99,
  checkpoint: () => ({ step, loss: 0, tensors: {}, history: [] }),
});

test.each([20, 40, 80, 200])("the progress line fits into %i columns, however long a fit's name is", (columns) => {
  const { stream, written } = screen(columns);
  const line = new ProgressLine(stream);
  for (const fit of ["a", "forecast-logistic-with-a-name"])
    for (const step of [1, 7000, 15_000]) line.show(fit, progress(step));
  line.end();
  const lines = written
    .join("")
    .split(/[\r\n]+/)
    .map(stripVTControlCharacters);
  for (const text of lines) expect(text.length).toBeLessThan(columns);
  expect(written.filter((text) => text === "\n")).toHaveLength(2);
  if (columns >= 80) expect(lines.join("\n")).toMatch(/step 7000 of 15000, loss 1\.234e-5, 2 min left/);
});

const x = Array.from({ length: 50 }, (_, i) => 1900 + i);
const plot: Plot = {
  title: "A title that is rather long for a narrow terminal",
  x: { label: "year" },
  y: { label: "thousands" },
  series: [
    { name: "measured in the field", kind: "dots", x, y: x.map((t) => Math.sin(t)) },
    { name: "learned by the network", kind: "line", x, y: x.map((t) => Math.sin(t)) },
  ],
};

test.each([36, 40, 80])("a plot fits into %i columns", (width) => {
  const lines = stripVTControlCharacters(terminalPlot(plot, { width, color: true }) ?? "").split("\n");
  expect(lines.length).toBeGreaterThan(16);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
});

test("there is no plot where there is no room, or nothing to draw", () => {
  expect(terminalPlot(plot, { width: 20, color: false })).toBeUndefined();
  const nothing = { ...plot, series: [{ ...plot.series[0], y: x.map(() => Number.NaN) }] };
  expect(terminalPlot(nothing, { width: 80, color: false })).toBeUndefined();
});

test("points that are no numbers are left out", () => {
  const holes = {
    ...plot,
    series: [{ ...plot.series[1], y: x.map((t, i) => (i % 2 ? Number.POSITIVE_INFINITY : t)) }],
  };
  expect(terminalPlot(holes, { width: 80, color: false })).toContain("1940");
});

test.each([
  [4.12, "4.1 s"],
  [75, "75 s"],
  [600, "10 min"],
  [7300, "2 h 2 min"],
  [86400 * 5, "5 days"],
  [86400 * 365 * 7, "7 years"],
  [Number.POSITIVE_INFINITY, "?"],
])("%d seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test("on a logarithmic axis stand logarithms, and it says so", () => {
  const at = [1, 10, 100, 1000];
  const powers: Plot = {
    title: "Powers",
    x: { label: "n", scale: "log" },
    y: { label: "value", scale: "log" },
    series: [{ name: "n cubed", kind: "line", x: at, y: at.map((n) => n ** 3) }],
  };
  const drawn = terminalPlot(powers, { width: 80, color: false }) ?? "";
  expect(drawn).toContain("Powers: log10 of value against log10 of n");
  expect(drawn).not.toContain("1000");
});

const eye = { name: "eye", columns: 3, values: [1, 0, 0, 0, 1, 0, 0, 0, -1] };

test("matrices stand side by side in shades, as many as fit", () => {
  const drawn = terminalMatrices({ title: "Kernels", matrices: [eye, { ...eye, name: "again" }] }, 80) ?? "";
  expect(drawn.split("\n")).toEqual([
    "  Kernels",
    "  eye     again",
    "  ██▒▒▒▒  ██▒▒▒▒",
    "  ▒▒██▒▒  ▒▒██▒▒",
    "  ▒▒▒▒    ▒▒▒▒",
  ]);
  const narrow = terminalMatrices({ title: "Kernels", matrices: [eye, eye] }, 14) ?? "";
  expect(narrow.split("\n")).toHaveLength(1 + 4 + 1 + 4);
  expect(terminalMatrices({ title: "Kernels", matrices: [eye] }, 7)).toBeUndefined();
});

test("a row of a table shows what was measured several times with its spread", () => {
  const metrics = {
    nets: {
      small: { knobs: 1060, test: { mean: 0.98437, spread: 0.00213 } },
      large: { knobs: 2570, extra: 1 },
      wide: { knobs: 1, test: { mean: 0.909, spread: 0.0112 } },
      same: { knobs: 2, test: { mean: 0.5, spread: 0 } },
    },
    seeds: 5,
  };
  const shown = { title: "Nets", of: "nets", heading: "net", columns: { knobs: "knobs", test: "test" } };
  expect(tableLines(shown, metrics)).toEqual([
    ["net", "knobs", "test"],
    ["small", "1,060", "0.984 ± 0.002"],
    ["large", "2,570", ""],
    ["wide", "1", "0.909 ± 0.011"],
    ["same", "2", "0.5 ± 0"],
  ]);
  expect(listOthers(metrics, [shown])).toEqual([
    ["nets.large.extra", 1],
    ["seeds", 5],
  ]);
});
