import { stripVTControlCharacters } from "node:util";
import { explain } from "../experiment/explain-run.ts";
import { type ExplainSection, explainSections } from "../experiment/report/explain-tables.ts";
import type { ExplainProgress } from "../explain/explainable.ts";
import { duration } from "./duration.ts";
import { loadRun } from "./load-system.ts";
import { colorsFor, print, printJson } from "./streams.ts";
import { formatTable } from "./table.ts";
import { terminalPlot } from "./terminal-plot.ts";
import { wrapped } from "./wrap.ts";

/** `pondus explain`: what a trained model learned, as far as that can be known. */
export async function explainCommand(folder: string, { json }: { json?: boolean }): Promise<void> {
  const { system, run } = await loadRun(folder);
  const progress = progressOn(process.stderr);
  const { plots, ...explanation } = await explain(system, run, { onProgress: progress.show }).finally(progress.end);
  if (json) return printJson(explanation);
  const { bold, dim, isColorSupported: color } = colorsFor(process.stdout);
  const width = process.stdout.columns || 80;
  for (const section of explainSections(explanation, explanation.inputs)) print(`${formatSection(section, width)}\n`);
  for (const plot of plots) {
    const drawn = terminalPlot(plot, { width, color });
    if (drawn) print(`${drawn}\n`);
  }
  print(`  ${explanation.page}`);

  function formatSection({ title, sentences, tables }: ExplainSection, room: number): string {
    const told = sentences.flatMap((text) =>
      wrapped(text.split(" "), room - 4).map((line, i) => `${i ? "    " : "  "}${line}`),
    );
    const drawn = tables.map(({ title: over, head, rows }) => {
      const right = head.flatMap((_, i) => (i > 0 && rows.every((row) => isNumber(row[i])) ? [i] : []));
      const text = formatTable([head.map(dim), ...rows], right);
      return `\n${over ? `  ${over}\n` : ""}${fitted(text, room)}`;
    });
    return [`  ${bold(title)}`, ...told, ...drawn].join("\n");
  }
}

const isNumber = (text = "") => text === "" || text === "..." || /^-?[\d.,]+(e[-+]?\d+)?( [%*])?$/.test(text);

/** Lines cut at the terminal's edge; nothing is cut where there is no terminal. */
function fitted(text: string, room: number): string {
  if (!process.stdout.isTTY) return text;
  const isLong = (line: string) => stripVTControlCharacters(line).length > room;
  return text
    .split("\n")
    .map((line) => (isLong(line) && !line.includes("\x1b") ? `${line.slice(0, room - 1)}…` : line))
    .join("\n");
}

/** One line that changes on a terminal; elsewhere a line a second, so that what is quick says nothing. */
function progressOn(stream: NodeJS.WriteStream) {
  const live = stream.isTTY && process.env.TERM !== "dumb";
  let [said, open] = [performance.now(), false];
  const show = ({ part, step, steps, secondsLeft }: ExplainProgress) => {
    const now = performance.now();
    if (!live && now - said < 1000) return;
    said = now;
    const line = `${part}: ${step} of ${steps}, ${duration(secondsLeft)} left`;
    stream.write(live ? `\r\x1b[K  ${line}` : `${line}\n`);
    open = live;
  };
  const end = () => {
    if (open) stream.write("\r\x1b[K");
    open = false;
  };
  return { show, end };
}
