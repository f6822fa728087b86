import type { Explanation } from "../../explain/explain.ts";
import type { Folder } from "../../io/folder.ts";
import { runFiles } from "../../io/run-folder.ts";
import { textOf } from "../../io/text.ts";
import type { OpenedRun } from "../run/run.ts";
import { type ExplainSection, explainSections } from "./explain-tables.ts";
import type { Plot } from "./plot.ts";
import { escaped, figuresOf, htmlPage, table } from "./report.ts";

export interface RunExplanation extends Explanation {
  readonly system: string;
  readonly run: string;
  /** Which inputs the network was looked at on. */
  readonly inputs: "its own" | "standard normal";
  /** What was looked at, where it is not all that was trained. */
  readonly about?: string;
  readonly inputNames?: readonly string[];
  readonly outputNames?: readonly string[];
  /** The page that was written. */
  readonly page: string;
}

export const explainFile = "explain.html";

/** Writes explain.html, which needs nothing else, and a link to it into the run's report. */
export async function writeExplainPage(
  { folder, description }: OpenedRun,
  explanation: RunExplanation,
  plots: readonly Plot[],
): Promise<void> {
  const figures = await figuresOf(plots);
  const sections = explainSections(explanation, explanation.inputs);
  const title = `${description.title}: what was learned`;
  const body = [
    `<p>The run of seed ${description.seed}, <a href="${runFiles.report}">whose report</a> says how it was trained.</p>`,
    ...sections.map(section),
    "<h2>Pictures</h2>",
    ...figures,
  ].join("\n");
  folder.write(explainFile, htmlPage(title, body));
  link(folder);
}

function section({ title, sentences, tables }: ExplainSection): string {
  const drawn = tables.map(({ title: over, head, rows }) => {
    const caption = over ? `<h3>${escaped(over)}</h3>` : "";
    return `${caption}<div class="wide">${table(rows, head, "explained")}</div>`;
  });
  return [`<h2>${escaped(title)}</h2>`, ...sentences.map((text) => `<p>${escaped(text)}</p>`), ...drawn].join("\n");
}

const reference = `<p><a href="${explainFile}">What was learned, explained</a></p>`;

/** The report is written when training ends, and again when a run is resumed: the link is added where it is missing. */
function link(folder: Folder): void {
  if (!folder.has(runFiles.report)) return;
  const text = textOf(folder.read(runFiles.report), folder.path(runFiles.report));
  if (text.includes(reference) || !text.includes("</h1>")) return;
  folder.write(runFiles.report, text.replace("</h1>", `</h1>\n${reference}`));
}
