import * as Observable from "@observablehq/plot";
import { emptyDocument } from "#host/document";
import { formatNumber } from "../metrics.ts";
import { type Axis, colorPlaces, type Plot, type Series } from "./plot.ts";

/** Legible on white and on black, and told apart by people who are colour-blind (Okabe & Ito 2008, darkened a little). */
export const palette = ["#0083c9", "#d55e00", "#009e73", "#b5589a", "#a58a00", "#7a7a7a"] as const;

/** A plot as SVG, drawn by Observable Plot; text and axes take the page's own colour. */
export function plotSvg(plot: Plot): string {
  const colors = colorPlaces(plot.series);
  const chart = Observable.plot({
    document: emptyDocument(),
    width: 680,
    height: 360,
    marginLeft: 60,
    marginTop: 28,
    marginBottom: 48,
    grid: true,
    style: { background: "none", fontSize: "12px" },
    x: { ...scale(plot.x, plot.series.flatMap(xs)), labelAnchor: "center", labelArrow: "none", labelOffset: 40 },
    y: scale(plot.y, plot.series.flatMap(ys)),
    marks: plot.series.map((series, i) => mark(series, palette[colors[i] % palette.length])),
  });
  return chart.outerHTML;
}

const xs = (s: Series) => Array.from(s.x);
const ys = (s: Series) => [...Array.from(s.y), ...Array.from(s.y2 ?? [])];

/** Numbers as in the tables: 1900 stays a year, and where a logarithmic axis is long it names the powers of ten alone. */
function scale({ label, scale: type = "linear" }: Axis, values: readonly number[]): Observable.ScaleOptions {
  const finite = values.filter((v) => Number.isFinite(v) && v > 0);
  const [low, high] = finite.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, 0]);
  const long = type === "log" && high / low > 30;
  const isPower = (v: number) => Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-9;
  const tickFormat = (v: number) => (long && !isPower(v) ? "" : tick(v));
  return { label, type, tickFormat };
}

function tick(value: number): string {
  const plain = Number(value.toPrecision(12));
  if (Number.isInteger(plain) && Math.abs(plain) < 1e7) {
    return Math.abs(plain) < 10_000 ? String(plain) : plain.toLocaleString("en-US");
  }
  return formatNumber(plain).replace(/\.?0+e/, "e");
}

function mark({ kind, x, y, y2 }: Series, color: string): Observable.Markish {
  const points = Array.from(x, (at, i) => ({ x: at, y: y[i], y2: y2?.[i] ?? y[i] }));
  const finite = points.filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y) && Number.isFinite(p.y2));
  if (kind === "interval") {
    return Observable.ruleX(finite, { x: "x", y1: "y", y2: "y2", stroke: color, strokeWidth: 2 });
  }
  if (kind === "dots") return Observable.dot(finite, { x: "x", y: "y", fill: color, r: 3.5 });
  if (kind === "band") return Observable.areaY(finite, { x: "x", y1: "y", y2: "y2", fill: color, fillOpacity: 0.2 });
  return Observable.line(finite, { x: "x", y: "y", stroke: color, strokeWidth: 2 });
}
