import { formatNumber } from "../experiment/metrics.ts";
import type { Progress } from "../optim/training/progress.ts";
import { duration } from "./duration.ts";
import { colorsFor } from "./streams.ts";

/** Milliseconds between two lines of one fit where lines stay. */
const between = 1000;

const barWidth = 10;

/** Shows how far a training is: one line that changes on a terminal, now and then a plain line elsewhere. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #live: boolean;
  #fit = "";
  #said = 0;
  /** The latest report, where it has not been written. */
  #unsaid: string | undefined;
  #open = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#live = stream.isTTY && process.env.TERM !== "dumb";
  }

  show(fit: string, progress: Progress): void {
    const another = fit !== this.#fit;
    this.#fit = fit;
    if (another) this.end();
    if (this.#live) this.#redraw(fit, progress);
    else this.#mention(fit, progress, another);
  }

  /** Leaves the line as it is; what follows begins a new one. */
  end(): void {
    if (this.#unsaid) this.#stream.write(this.#unsaid);
    this.#unsaid = undefined;
    if (this.#open) this.#stream.write("\n");
    this.#open = false;
  }

  #redraw(fit: string, progress: Progress): void {
    const { dim, cyan } = colorsFor(this.#stream);
    const filled = Math.round((barWidth * progress.step) / progress.steps);
    const bar = cyan("━".repeat(filled)) + dim("─".repeat(barWidth - filled));
    // One column stays free, for some terminals break the line after the last.
    const width = (this.#stream.columns || 80) - 1;
    const name = `  ${fit.padEnd(16)} `;
    const room = width - name.length - barWidth;
    const line =
      room < 12 ? fitting([fit, ...describe(progress)], width) : name + bar + fitting(describe(progress), room);
    this.#stream.write(`\r\x1b[K${line}`);
    this.#open = true;
  }

  /** The first report of every fit, the last, and one a second between. */
  #mention(fit: string, progress: Progress, first: boolean): void {
    const now = performance.now();
    this.#unsaid = `${fit}: ${describe(progress).join(", ")}\n`;
    if (!first && progress.step < progress.steps && now - this.#said < between) return;
    this.#said = now;
    this.#stream.write(this.#unsaid);
    this.#unsaid = undefined;
  }
}

/** What matters most comes first. The speed of a single step says nothing: it is the program's first call. */
function describe({ step, steps, loss, validation, gap, stepsPerSecond, secondsLeft }: Progress): string[] {
  const parts = [`step ${step} of ${steps}`, `loss ${formatNumber(loss)}`];
  if (validation !== undefined) parts.push(`validation ${formatNumber(validation)}`);
  if (gap !== undefined) parts.push(`gap ${formatNumber(gap)}`);
  if (step >= steps) parts.push("done");
  else if (step > 1) parts.push(`${duration(secondsLeft)} left`);
  if (step > 1) parts.push(`${Math.round(stepsPerSecond).toLocaleString("en-US")} steps/s`);
  return parts;
}

/** As many of the parts as have room. */
function fitting(parts: readonly string[], room: number): string {
  let line = "";
  for (const part of parts) {
    const longer = line === "" ? ` ${part}` : `${line}, ${part}`;
    if (longer.length > room) break;
    line = longer;
  }
  return line;
}
