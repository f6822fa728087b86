import { plot as draw } from "simple-ascii-chart";
import { type Axis, colorPlaces, type Plot, type Series } from "../experiment/report/plot.ts";
import { wrapped } from "./wrap.ts";

const colors = ["ansiBlue", "ansiYellow", "ansiGreen", "ansiMagenta", "ansiCyan", "ansiRed"] as const;
const codes = { ansiBlue: 34, ansiYellow: 33, ansiGreen: 32, ansiMagenta: 35, ansiCyan: 36, ansiRed: 31 } as const;
const lineSymbols = ["•", "+", "×", "*", "~", "#"];
const dot = "○";

/** Narrower than this a plot says nothing. */
const narrowest = 20;

/**
 * A small plot in characters; lines are told apart by symbol as well as by colour. Undefined where there is no room for
 * it or nothing to draw.
 */
export function terminalPlot(given: Plot, options: { width: number; color: boolean }): string | undefined {
  const scaled = logarithmic(given);
  const plot = { ...scaled, series: scaled.series.map(finite).filter((s) => s.x.length > 0) };
  const width = Math.min(options.width - 12, 72);
  if (width < narrowest || plot.series.length === 0) return undefined;
  const height = 16;
  const lines = plot.series.filter((s) => s.kind === "line");
  const dots = plot.series.filter((s) => s.kind === "dots");
  const places = colorPlaces(plot.series);
  const colorOf = (s: Series) => colors[places[plot.series.indexOf(s)] % colors.length];
  const symbolOf = (s: Series) => (s.kind === "line" ? lineSymbols[lines.indexOf(s) % lineSymbols.length] : dot);
  // Drawn last, the first line lies on top.
  const drawn = lines.length > 0 ? lines.toReversed() : dots;
  const all = [...lines, ...dots];
  const range = (values: number[]): [number, number] => [
    values.reduce((a, b) => Math.min(a, b)),
    values.reduce((a, b) => Math.max(a, b)),
  ];
  const [xs, ys] = [range(all.flatMap((s) => Array.from(s.x))), range(all.flatMap((s) => Array.from(s.y)))];
  const paint = (s: Series, text: string) => (options.color ? `\x1b[${codes[colorOf(s)]}m${text}\x1b[0m` : text);
  let at = -1;
  const chart = draw(drawn.map(pairs), {
    width,
    height,
    yRange: ys,
    customXAxisTicks: ticks(...xs),
    customYAxisTicks: ticks(...ys),
    formatter: (value) => Number(value.toPrecision(4)),
    lineFormatter: ({ plotX, plotY, index }) => {
      // The library does not say which series it is drawing, but it draws them in order, each from its first point.
      if (index === 0) at++;
      return { x: plotX, y: plotY, symbol: paint(drawn[at], symbolOf(drawn[at])) };
    },
    points: dots.flatMap((s) => pairs(s).map(([x, y]) => ({ x, y, ...(options.color && { color: colorOf(s) }) }))),
    symbols: { point: dot },
  });
  const legend = all.map((s) => paint(s, `${symbolOf(s)} ${s.name}`));
  const heading = `${plot.title}: ${plot.y.label} against ${plot.x.label}`;
  const margin = (lines: string[]) => lines.map((line) => `  ${line}`).join("\n");
  return [
    margin(wrapped(heading.split(" "), options.width - 2)),
    chart.replace(/[ \t]+$/gm, "").replace(/\s+$/, ""),
    margin(wrapped(legend, options.width - 2, "   ")),
  ].join("\n");
}

/** What stands on a logarithmic axis, as its logarithm. */
function logarithmic(plot: Plot): Plot {
  const axis = (a: Axis): Axis => (a.scale === "log" ? { label: `log10 of ${a.label}` } : a);
  const values = (a: Axis, list: ArrayLike<number>) => (a.scale === "log" ? Array.from(list, Math.log10) : list);
  return {
    ...plot,
    x: axis(plot.x),
    y: axis(plot.y),
    series: plot.series.map((s) => ({ ...s, x: values(plot.x, s.x), y: values(plot.y, s.y) })),
  };
}

/** The points that can be drawn. */
function finite(s: Series): Series {
  const points = pairs(s).filter((point) => point.every(Number.isFinite));
  return { ...s, x: points.map(([x]) => x), y: points.map(([, y]) => y) };
}

const pairs = (s: Series) => Array.from(s.x, (x, i): [number, number] => [x, s.y[i]]);

/** About five round numbers from `low` to `high`. */
export function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((m) => m * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}
