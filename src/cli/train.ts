import { join } from "node:path";
import type { BackendName } from "../backends/backend.ts";
import { listOthers, tableLines } from "../experiment/metric-table.ts";
import { formatNumber } from "../experiment/metrics.ts";
import { describeFits } from "../experiment/overfitting.ts";
import { isMatrixPlot } from "../experiment/report/plot.ts";
import type { Settings } from "../experiment/run-settings.ts";
import { type TrainResult, train } from "../experiment/train.ts";
import { PondusError } from "../graph/errors.ts";
import { runFiles } from "../io/run-folder.ts";
import { inspectBackends } from "../runtime/choose.ts";
import { duration } from "./duration.ts";
import { loadRun, loadSystem } from "./load-system.ts";
import { ProgressLine } from "./progress-line.ts";
import { colorsFor, print, printJson, say } from "./streams.ts";
import { formatTable } from "./table.ts";
import { terminalMatrices } from "./terminal-matrices.ts";
import { terminalPlot } from "./terminal-plot.ts";
import { wrapped } from "./wrap.ts";

/** The flags of the table of settings, and those of where data and run lie. */
export interface TrainFlags extends Partial<Settings> {
  readonly data?: string;
  readonly time?: string;
  readonly state?: string[];
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
}

/** `pondus train`: trains a system and writes its run folder. */
export async function trainCommand(what: string | undefined, flags: TrainFlags): Promise<void> {
  const { json, data, time, state, resume, ...rest } = flags;
  checkFlags(what, flags);
  const { system, source, run } = resume === undefined ? await loadSystem(what as string) : await loadRun(resume);
  const line = new ProgressLine(process.stderr);
  const { bold } = colorsFor(process.stderr);
  if (run?.description.status === "finished") say(`${run.folder.name} is finished; nothing is left to train.`);
  const interrupt = interruption(line);
  try {
    const result = await train(system, {
      ...rest,
      source,
      data: data === undefined ? undefined : { file: data, time, state },
      resume: run,
      signal: interrupt.signal,
      onStart: ({ title, parameters, seed, backend }) => {
        say(`${bold(title)}: ${parameters.toLocaleString("en-US")} knobs, seed ${seed}, ${backend} backend`);
        if ((flags.backend ?? "auto") === "auto" && run === undefined) mentionSlower(backend);
      },
      onProgress: (fit, progress) => line.show(fit, progress),
    });
    line.end();
    if (result.status === "interrupted") stopped(result, json);
    else if (json) printJson(asJson(result));
    else show(result);
  } finally {
    line.end();
    interrupt.forget();
  }
}

/** Says why the fastest backend was not taken, unless the user asked for another. */
function mentionSlower(backend: BackendName): void {
  const [fastest] = inspectBackends();
  if (fastest.name === backend || process.env.PONDUS_BACKEND || !fastest.unavailable) return;
  say(`(slower than it could be: ${fastest.unavailable})`);
}

/** A resumed run keeps the options that it was started with, or it would not be the same run. */
function checkFlags(what: string | undefined, flags: TrainFlags): void {
  if (flags.resume === undefined) {
    if (what === undefined) {
      throw new PondusError("usage", "train: name a system (see `pondus systems`), a file, or --resume RUN.");
    }
    if (flags.data === undefined && (flags.time ?? flags.state)) {
      throw new PondusError("usage", "train: --time and --state name columns of a file; give it with --data FILE.");
    }
    return;
  }
  const { resume: _, backend: __, json: ___, ...kept } = flags;
  const [given] = Object.entries(kept).find(([, value]) => value !== undefined) ?? [];
  const surplus = what ?? (given && flagNamed(given));
  if (surplus !== undefined) {
    throw new PondusError(
      "usage",
      `train: --resume continues a run with its own system and options; leave ${surplus} out.`,
    );
  }
}

const flagNamed = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The first Ctrl-C stops the training where it can be resumed; the second ends the process. */
function interruption(line: ProgressLine): { signal: AbortSignal; forget: () => void } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    line.end();
    say("Stopping; press Ctrl-C again to quit at once.");
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, stop);
  const forget = () => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, stop);
  };
  return { signal: controller.signal, forget };
}

function stopped(result: TrainResult, json = false): void {
  if (json) printJson(asJson(result));
  say(`Stopped. Continue with: pondus train --resume ${result.run}`);
  process.exitCode = 130;
}

function asJson({ plots: _, tables: __, ...description }: TrainResult) {
  return description;
}

/** Sentences on fits: a page that compares many would fill the screen with them. */
const most = 5;

function show(result: TrainResult): void {
  const { bold, dim, isColorSupported: color } = colorsFor(process.stdout);
  const [plot] = result.plots;
  const width = process.stdout.columns || 80;
  const drawn = plot && (isMatrixPlot(plot) ? terminalMatrices(plot, width) : terminalPlot(plot, { width, color }));
  if (drawn) print(`\n${drawn}`);
  for (const shown of result.tables) {
    const [head, ...rows] = tableLines(shown, result.metrics ?? {});
    const right = head.map((_, i) => i).slice(1);
    print(`\n  ${bold(shown.title)}\n${formatTable([head.map(dim), ...rows], right)}`);
  }
  const others = listOthers(result.metrics ?? {}, result.tables);
  if (others.length > 0) {
    print(
      `\n${formatTable(
        others.map(([name, value]) => [dim(name), bold(formatNumber(value))]),
        [1],
      )}`,
    );
  }
  for (const { title, text } of result.samples ?? []) {
    const lines = text.split("\n").flatMap((line) => wrapped(line.split(" "), width - 4));
    print(`\n  ${bold(title)}\n    ${lines.join("\n    ")}`);
  }
  const told = describeFits(result.fits).map((text) => wrapped(text.split(" "), width - 4).join("\n    "));
  const rest = told.splice(told.length > most ? most - 1 : most);
  if (rest.length > 0) told.push(`and ${rest.length} more fits of which the report tells`);
  if (told.length > 0) print(`\n  ${told.join("\n  ")}`);
  print(`\n  ${result.parameters.toLocaleString("en-US")} knobs, ${duration(result.seconds)} on ${result.backend}`);
  print(`  ${join(result.run, runFiles.report)}`);
}
