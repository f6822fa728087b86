import * as Observable from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Plot, Series } from "./plot.ts";

/** Legible on white and on black, and told apart by people who are colour-blind (Okabe & Ito 2008, darkened a little). */
export const palette = ["#0083c9", "#d55e00", "#009e73", "#b5589a", "#a58a00", "#7a7a7a"] as const;

/** A plot as SVG, drawn by Observable Plot; text and axes take the page's own colour. */
export function plotSvg(plot: Plot): string {
  const { document } = parseHTML("<html><body></body></html>");
  const chart = Observable.plot({
    document: document as unknown as Document,
    width: 680,
    height: 360,
    marginLeft: 60,
    grid: true,
    style: { background: "none", fontSize: "12px" },
    x: { label: plot.x.label, type: plot.x.scale ?? "linear" },
    y: { label: plot.y.label, type: plot.y.scale ?? "linear" },
    marks: plot.series.map((series, i) => mark(series, palette[i % palette.length])),
  });
  return chart.outerHTML;
}

function mark({ kind, x, y, y2 }: Series, color: string): Observable.Markish {
  const points = Array.from(x, (at, i) => ({ x: at, y: y[i], y2: y2?.[i] ?? y[i] }));
  const finite = points.filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y) && Number.isFinite(p.y2));
  if (kind === "dots") return Observable.dot(finite, { x: "x", y: "y", fill: color, r: 3.5 });
  if (kind === "band") return Observable.areaY(finite, { x: "x", y1: "y", y2: "y2", fill: color, fillOpacity: 0.2 });
  return Observable.line(finite, { x: "x", y: "y", stroke: color, strokeWidth: 2 });
}
