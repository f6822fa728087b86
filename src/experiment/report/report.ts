import { basename } from "#host/files";
import type { Folder } from "../../io/folder.ts";
import { runFiles } from "../../io/run-folder.ts";
import type { Counts } from "../../ledger/counts.ts";
import type { Weighing } from "../../ledger/weigh.ts";
import type { FitSummary } from "../fits.ts";
import { listOthers, type MetricTable, tableLines } from "../metric-table.ts";
import { formatNumber, type Metrics } from "../metrics.ts";
import { describeFit } from "../overfitting.ts";
import type { RunDescription } from "../run/description.ts";
import type { Settings } from "../run-settings.ts";
import type { FitRecord } from "../session.ts";
import { type Setting, settingNames, settings } from "../settings.ts";
import type { Sample } from "../system.ts";
import { matrixSvg } from "./matrix-svg.ts";
import { plotMemory } from "./memory-plot.ts";
import { colorPlaces, type Drawing, isMatrixPlot, type Matrix, type Series } from "./plot.ts";
import { plotTraining } from "./training-plot.ts";

export interface Report {
  readonly description: RunDescription;
  readonly summary: string;
  /** The model's price. */
  readonly weighing: Weighing;
  readonly plots: readonly Drawing[];
  readonly tables: readonly MetricTable[];
  readonly fits: ReadonlyMap<string, FitRecord>;
}

/** Writes report.html: one file that needs nothing else, with the plots as SVG. */
export async function writeReport(folder: Folder, report: Report): Promise<void> {
  const { plots, fits, weighing } = report;
  const trainings = [...fits].flatMap(([name, record]) => plotTraining(name, record) ?? []);
  const figures = await figuresOf([...plots, ...trainings, ...plotMemory(weighing)]);
  folder.write(runFiles.report, page(report, figures));
}

/** Drawings as HTML, each with its caption and key. */
export async function figuresOf(drawings: readonly Drawing[]): Promise<string[]> {
  // The plotting library takes long to load, and most commands draw nothing.
  const { palette, plotSvg } = await import("./plot-svg.ts");
  return drawings.map((plot) => {
    const caption = `<figcaption>${escaped(plot.title)}</figcaption>`;
    if (isMatrixPlot(plot)) {
      const key = "grey is 0, white above it, black below, each by its own largest entry";
      return `<figure>${caption}\n<p class="legend">${key}</p>\n${plot.matrices.map(tile).join(" ")}</figure>`;
    }
    const colors = colorPlaces(plot.series);
    // A line and its error bars, of one name, are one thing to a reader.
    const isNew = ({ name }: Series, i: number) => plot.series.findIndex((s) => s.name === name) === i;
    const keys = plot.series.flatMap((s, i) => (isNew(s, i) ? legend(s, palette[colors[i] % palette.length]) : []));
    return `<figure>${caption}\n<p class="legend">${keys.join(" ")}</p>\n${plotSvg(plot)}</figure>`;
  });
}

const tile = (matrix: Matrix) => `<span class="tile">${matrixSvg(matrix)}<br>${escaped(matrix.name)}</span>`;

const shapes: Readonly<Record<Series["kind"], string>> = {
  line: "border-top:3px solid",
  dots: "border-radius:50%;background:",
  band: "opacity:.4;background:",
  interval: "border-left:2px solid",
};

function legend({ name, kind }: Series, color: string): string {
  const shape = shapes[kind];
  return `<span class="key"><i class="${kind}" style="${shape} ${color}"></i>${escaped(name)}</span>`;
}

/** The page's own figures come first, then what it compares and wrote, then how it was trained. */
function page({ description: d, summary, weighing, plots, tables }: Report, figures: readonly string[]): string {
  const facts = [
    ["system", d.system],
    ["knobs", d.parameters.toLocaleString("en-US")],
    ...settingFacts({ ...d.options, seed: d.seed, backend: d.backend }),
    ["data", d.options.data?.file ?? "the system's own"],
    ["trained in", `${formatNumber(d.seconds)} s`],
    ["started", d.started.replace("T", " ").slice(0, 16)],
    ["versions", `Pondus ${d.versions.pondus}, ${d.versions.node ? `Node ${d.versions.node}` : d.versions.browser}`],
  ];
  const metrics = listOthers(d.metrics ?? {}, tables).map(([name, value]) => [name, formatNumber(value)]);
  return htmlPage(
    d.title,
    `<p>${escaped(d.options.data ? `Learned from ${basename(d.options.data.file)}.` : summary)}</p>
${figures.slice(0, plots.length).join("\n")}
${tables.map((shown) => metricTable(shown, d.metrics ?? {})).join("\n")}
${(d.samples ?? []).map(sample).join("\n")}
${figures.slice(plots.length).join("\n")}
<h2>Figures</h2>
${table(metrics, ["metric", "value"], "figures")}
<h2>Fits</h2>
${fitList(d.fits ?? {})}
<h2>Knobs</h2>
${knobs(weighing)}
<h2>This run</h2>
${table(facts)}`,
  );
}

/** The settings that the run had, as the table of settings names and writes them. */
function settingFacts(values: Settings): string[][] {
  return settingNames.flatMap((name) => {
    const { label, say = String } = settings[name] as Setting<unknown>;
    return values[name] === undefined ? [] : [[label, say(values[name])]];
  });
}

/** A page that needs nothing else. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${body}
</body>
</html>
`;
}

function metricTable(shown: MetricTable, metrics: Metrics): string {
  const [head, ...rows] = tableLines(shown, metrics);
  return `<h2>${escaped(shown.title)}</h2>\n<div class="wide">${table(rows, head, "compared")}</div>`;
}

function sample({ title, text }: Sample): string {
  return `<h2>${escaped(title)}</h2>\n<blockquote>${escaped(text)}</blockquote>`;
}

function knobs({ layers, parameters }: Counts): string {
  const rows = layers.map((l) => [l.path, l.name, l.formula, l.parameters.toLocaleString("en-US")]);
  const frozen = parameters.frozen > 0 ? `${parameters.frozen.toLocaleString("en-US")} of them frozen` : "";
  return table(
    [...rows, ["", "total", frozen, parameters.total.toLocaleString("en-US")]],
    ["place", "layer", "weights + biases", "knobs"],
    "figures",
  );
}

/** What every fit did with its freedom, in a sentence and in numbers. */
function fitList(fits: Readonly<Record<string, FitSummary>>): string {
  const number = (x: number | undefined) => (x === undefined ? "" : formatNumber(x));
  const rows = Object.entries(fits).map(([name, f]) => {
    const counts = [f.knobs, f.observations].map((n) => n?.toLocaleString("en-US") ?? "");
    const best = f.best?.step.toLocaleString("en-US") ?? "";
    return [name, ...counts, number(f.train ?? f.loss), number(f.validation), number(f.gap), best, f.stopped];
  });
  const sentences = Object.entries(fits).map(
    ([name, f]) => `<li><b>${escaped(name)}</b>: ${escaped(describeFit(f))}</li>`,
  );
  const head = ["fit", "knobs", "numbers", "train", "validation", "gap", "best step", "stopped"];
  return `<ul>\n${sentences.join("\n")}\n</ul>\n<div class="wide">${table(rows, head, "fits")}</div>`;
}

/** The last column of a table of `figures` holds numbers. */
export function table(rows: readonly (readonly string[])[], head?: readonly string[], kind = "facts"): string {
  const cells = (tag: string, row: readonly string[]) =>
    row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("");
  const top = head ? `<thead><tr>${cells("th", head)}</tr></thead>` : "";
  return `<table class="${kind}">${top}<tbody>\n${rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n")}\n</tbody></table>`;
}

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] as string);
}

const style = `
:root { color-scheme: light dark; --ink: #1b1b1b; --faint: #6b6b6b; --line: #d8d8d8; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --faint: #a0a0a0; --line: #3c3c3c; --paper: #161616; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
figure { margin: 2rem 0; } .tile { display: inline-block; margin: .4rem .5rem 0 0; color: var(--faint); font-size: .8rem; text-align: center; vertical-align: top; } figcaption { font-weight: 600; } svg { max-width: 100%; height: auto; }
.legend { margin: .2rem 0; color: var(--faint); font-size: .9rem; }
.key { margin-right: 1rem; } .key i { display: inline-block; width: 1.2em; margin-right: .4em; vertical-align: middle; }
.key i.dots { width: .6em; height: .6em; } .key i:is(.band, .interval) { height: .8em; } .key i.interval { width: .2em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem 1.5rem .25rem 0; border-bottom: 1px solid var(--line); } th { color: var(--faint); font-weight: 500; }
.figures :is(th, td):last-child { text-align: right; padding-right: 0; } td { overflow-wrap: anywhere; }
.compared :is(th, td):not(:first-child) { text-align: right; } .compared :is(th, td):last-child { padding-right: 0; }
blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } .wide td, .wide th { overflow-wrap: normal; white-space: nowrap; padding-right: .7rem; font-size: .9rem; } ul { padding-left: 1.2rem; }
`;
